import FoundationEssentials
import LeadStore
import RoutingRules
import Web

extension StoreBackedRouting {
    func retry(leadID: UUID, as principal: Principal) async throws {
        try await tellingCaller {
            guard let record = try await stores.leads.lead(leadID, as: principal.access) else {
                throw BackendError.notFound("There is no such lead, or none that this key may see.")
            }
            guard try await stores.queue.requeue(leadID, actor: principal.id) else {
                throw BackendError.conflict(
                    reason:
                        "Only a lead that failed, or that no rule matched and its source keeps, can be put back into "
                        + "the queue before it expires; this one is \(record.status.rawValue).",
                    remedy: "GET /api/leads/{id}/explain shows how it came there."
                )
            }
        }
    }

    func retry(
        _ search: LeadSearch,
        limit: Int,
        as principal: Principal
    ) async throws -> (requeued: Int, hasMore: Bool) {
        try await tellingCaller {
            guard var filter = LeadFilter(search) else { return (0, false) }
            if search.isUnmatched { filter.unmatchedRetriableUnder = try await stores.ruleSets.ruleSetVersion() }
            let page = try await stores.leads.leads(filter, limit: limit, as: principal.access)
            let requeued = try await stores.queue.requeue(page.leads.map(\.id), actor: principal.id)
            return (requeued, page.next != nil)
        }
    }
}
