import FoundationEssentials
import HTTPTypes
import Hummingbird
import JSON
import LeadRouting
import LeadStore
import RoutingRules

extension API {
    func addQuotaRoutes(to routes: inout Routes) {
        routes.on(.get, "/api/workspaces/:id/quotas", .workspacesRead, quotas)
        routes.on(.patch, "/api/workspaces/:id/quotas", .workspacesWrite, setQuotas)
    }

    /// `GET /api/workspaces/{id}/quotas`: each quota with its use.
    @Sendable private func quotas(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        let quotas = try await useCases.workspaces.quotas(of: id("id", in: context), as: caller)
        return json { $0.quotas(quotas) }
    }

    /// `PATCH /api/workspaces/{id}/quotas`: sets quotas; null takes one back to the installation's.
    @Sendable private func setQuotas(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        let id = try id("id", in: context)
        let bytes = try await request.jsonBody(upTo: limits.bodyBytes)
        var body = try ObjectReader(bytes, names: Quota.allCases.map(\.rawValue), limits: limits)
        var changes: [Quota: Int?] = [:]
        for quota in Quota.allCases where body.has(quota.rawValue) {
            if body.isNull(quota.rawValue) {
                changes[quota] = .some(nil)
            } else if let value = body.int32(quota.rawValue) {
                if value < 0 { body.note(quota.rawValue, "This must not be negative.", "Send 0 or more, or null.") }
                changes[quota] = Int(value)
            }
        }
        try body.finish()
        let quotas = try await useCases.workspaces.setQuotas(changes, of: id, as: caller)
        return json { $0.quotas(quotas) }
    }
}

extension JSONWriter {
    /// Each quota with its use.
    mutating func quotas(_ quotas: WorkspaceQuotas) {
        object { writer in
            for line in quotas.lines {
                writer.key(named: line.quota.rawValue)
                writer.object { writer in
                    writer.member("limit", line.limit)
                    writer.member("use", line.use)
                }
            }
        }
    }
}
