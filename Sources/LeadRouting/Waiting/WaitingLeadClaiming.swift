package import FoundationEssentials
package import LeadStore
package import RoutingRules

/// What routing of waiting leads needs of the database; a test gives it another.
package protocol WaitingLeadClaiming: Sendable {
    /// Claims waiting leads, has them decided and writes them, in one transaction.
    func claimAndSettle(
        _ claim: WaitingClaim,
        maximumAttempts: Int,
        under rules: CompiledRuleSet
    ) async throws -> ClaimResult
    /// The rules for which leads wait because their destinations were full or closed.
    func rulesWithWaitingLeads() async throws -> [UUID]
    /// What decisions would look at now.
    func peek(_ request: RoutingStateRequest) async throws -> RoutingState
    /// Has leads be due that wait and would not wait on under these rules.
    func reviewWaiting(under rules: CompiledRuleSet) async throws -> WaitingReview
    /// How leads stand.
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
