import FoundationEssentials
import Hummingbird
import LeadRouting
import LeadStore
import RoutingRules

extension API {
    func addTestLeadRoutes(to routes: inout Routes) {
        routes.on(.get, "/api/test-leads", .leadsWrite, testLeads)
        routes.on(.get, "/api/test-leads/:id", .leadsWrite, testLead)
    }

    /// `GET /api/test-leads`: what test keys sent, newest first.
    @Sendable private func testLeads(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        var query = try QueryDecoding(request.uri)
        let limit = query.int("limit", in: 1...TestLeadRequests.mostListed) ?? 50
        try query.finish()
        let leads = try await useCases.testLeads.list(limit: limit, as: caller)
        return json(capacity: 64 + leads.count * 512) {
            $0.list("leads", leads) { $0.testLead($1, for: caller.reader) }
        }
    }

    @Sendable private func testLead(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        let lead = try await useCases.testLeads.find(id("id", in: context), as: caller)
        return json { $0.testLead(lead, for: caller.reader) }
    }
}
