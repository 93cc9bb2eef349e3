package import FoundationEssentials
package import LeadStore
package import RoutingRules

/// The statements that routing of waiting leads needs; tests provide a fake.
package protocol WaitingLeadClaiming: Sendable {
    /// Claims waiting leads, decides and writes them, in one transaction.
    func claimAndSettle(
        _ claim: WaitingClaim,
        maximumAttempts: Int,
        under rules: CompiledRuleSet
    ) async throws -> ClaimResult
    /// The rules for which leads wait because their destinations were full or closed.
    func rulesWithWaitingLeads() async throws -> [UUID]
    /// The state that decisions would read now.
    func peek(_ request: RoutingStateRequest) async throws -> RoutingState
    /// Makes waiting leads due that would no longer wait under these rules.
    func reviewWaiting(under rules: CompiledRuleSet) async throws -> WaitingReview
    /// The outcomes of leads.
    func outcomes(of ids: [UUID]) async throws -> [UUID: RoutingOutcome]
    /// One lead that the caller may see.
    func lead(_ id: UUID, as access: Access) async throws -> LeadRecord?
}

extension QueueStore: WaitingLeadClaiming {
    package func peek(_ request: RoutingStateRequest) async throws -> RoutingState {
        try await CapacityStore(session).peek(request)
    }

    package func outcomes(of ids: [UUID]) async throws -> [UUID: RoutingOutcome] {
        try await LeadsStore(session).outcomes(of: ids)
    }

    package func lead(_ id: UUID, as access: Access) async throws -> LeadRecord? {
        try await LeadsStore(session).find(id, as: access)
    }
}
