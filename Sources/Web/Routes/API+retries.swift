import FoundationEssentials
import Hummingbird
import JSON
import RoutingRules

extension API {
    func addRetryRoutes(to routes: inout Routes) {
        routes.on(.post, "/api/leads/:id/retry", retryLead)
        routes.on(.post, "/api/retry", retryLeads)
    }

    /// `POST /api/leads/{id}/retry`: puts a lead back into the queue that failed for good or that no rule matched, with
    /// its attempts reset.
    @Sendable private func retryLead(_ request: Request, _ context: WebContext) async throws -> Response {
        let principal = try await principal(of: request, with: .routingWrite)
        let id = try id("id", in: context)
        try await backend.retry(leadID: id, as: principal)
        return json(.accepted) { writer in
            writer.object { writer in
                writer.member("id", id)
                writer.member("status", LeadStatus.pending.rawValue)
            }
        }
    }

    /// `POST /api/retry`: the same for all such leads that a filter lets through, so many at a time.
    @Sendable private func retryLeads(_ request: Request, _ context: WebContext) async throws -> Response {
        let principal = try await principal(of: request, with: .routingWrite)
        let (search, limit) = try RetryBody.read(await request.jsonBody(upTo: limits.bodyBytes), limits: limits)
        let (requeued, hasMore) = try await backend.retry(search, limit: limit, as: principal)
        return json(.accepted) { writer in
            writer.object { writer in
                writer.member("requeued", requeued)
                writer.member("hasMore", hasMore)
            }
        }
    }
}
