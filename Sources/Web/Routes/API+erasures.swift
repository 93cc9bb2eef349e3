import Hummingbird
import JSON
import LeadRouting
import LeadStore
import RoutingRules

extension API {
    func addErasureRoutes(to routes: inout Routes) {
        routes.on(.post, "/api/erasures", .leadsErase, erase)
    }

    /// `POST /api/erasures`: erases personal data from leads.
    ///
    /// The address is in the body and not in the path, which proxies log.
    @Sendable private func erase(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        let body = try ErasureBody(await request.jsonBody(upTo: limits.bodyBytes), limits: limits)
        let report = try await useCases.leads.erase(
            body.subject,
            forgettingIdentity: body.forgetsIdentity,
            isRehearsal: body.isRehearsal,
            as: caller
        )
        return json(capacity: 256 + report.leads.count * 80) { writer in
            writer.object { writer in
                writer.member("dryRun", body.isRehearsal)
                writer.member("erased", report.count(of: .erased))
                writer.member("already", report.count(of: .already))
                writer.member("elsewhere", report.count(of: .elsewhere))
                writer.member("busy", report.count(of: .busy))
                writer.key("leads")
                writer.array(report.leads) { writer, lead in
                    writer.object { writer in
                        writer.member("leadId", lead.id)
                        writer.member("outcome", lead.outcome.rawValue)
                    }
                }
                writer.member("examples", report.examples)
                writer.member("rules", report.rules.map(\.text))
            }
        }
    }
}
