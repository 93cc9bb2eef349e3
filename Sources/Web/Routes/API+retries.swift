import FoundationEssentials
import Hummingbird
import JSON
import LeadRouting
import LeadStore
import RoutingRules

extension API {
    func addRetryRoutes(to routes: inout Routes) {
        routes.on(.post, "/api/leads/:id/retry", .routingWrite, retryLead)
        routes.on(.post, "/api/retry", .routingWrite, retryLeads)
    }

    /// `POST /api/leads/{id}/retry`: requeues a lead that failed permanently or that no rule matched, with its attempts
    /// reset.
    @Sendable private func retryLead(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        let id = try id("id", in: context)
        try await useCases.leads.retry(id, as: caller)
        return json(.accepted) { writer in
            writer.object { writer in
                writer.member("id", id)
                writer.member("status", LeadStatus.pending.rawValue)
            }
        }
    }

    /// `POST /api/retry`: the same for all such leads that match a filter, up to a limit.
    @Sendable private func retryLeads(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        let body = try RetryBody(await request.jsonBody(upTo: limits.bodyBytes), limits: limits)
        let (requeued, hasMore) = try await useCases.leads.retry(
            body.result,
            matching: body.filter,
            limit: body.limit,
            as: caller
        )
        return json(.accepted) { writer in
            writer.object { writer in
                writer.member("requeued", requeued)
                writer.member("hasMore", hasMore)
            }
        }
    }
}
