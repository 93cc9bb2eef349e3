package import FoundationEssentials
package import LeadStore
package import RoutingRules

/// Takes leads back from destinations that do not want them.
package struct LeadReturn: Sendable {
    private let store: LeadStore
    private let rules: RuleSetCache

    /// Returns of leads in a store.
    package init(store: LeadStore, rules: RuleSetCache) {
        self.store = store
        self.rules = rules
    }

    /// Takes a lead back, and sends it on if that is wanted.
    ///
    /// The return is committed first: whatever happens to the second half, the room is free, and the same call again
    /// does what is left.
    ///
    /// - Parameters:
    ///   - id: the lead.
    ///   - reason: why, for the log.
    ///   - sendsOn: whether it is decided again, without those who gave it back.
    ///   - actor: who asked for it.
    ///   - access: the destination, or an administrator.
    /// - Returns: how the lead stands.
    /// - Throws: `StoreError` if no such lead is there; ``RouteRefusal`` when the rules change again and again.
    package func callAsFunction(
        _ id: UUID,
        reason: String?,
        sendsOn: Bool,
        actor: String,
        as access: Access
    ) async throws -> RoutingOutcome {
        _ = try await store.returnLead(id, reason: reason, actor: actor, as: access)
        if sendsOn { try await sendOn(id, actor: actor) }
        guard let outcome = try await store.outcomes(of: [id])[id] else { throw RouteRefusal(code: .notFound) }
        return outcome
    }

    private func sendOn(_ id: UUID, actor: String) async throws {
        var current = try await rules.current()
        for _ in 0..<5 {
            guard case .stale = try await store.resendLead(id, actor: actor, under: current) else { return }
            current = try await rules.refresh(replacing: current.version)
        }
        throw RouteRefusal(code: .unsettled)
    }
}
