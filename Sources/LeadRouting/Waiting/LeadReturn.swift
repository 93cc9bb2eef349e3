package import FoundationEssentials
package import LeadStore
package import RoutingRules

/// Takes leads back from destinations that do not want them.
package struct LeadReturn: Sendable {
    private let stores: Stores
    private let rules: RuleSetCache

    /// Returns of leads in a store.
    package init(stores: Stores, rules: RuleSetCache) {
        self.stores = stores
        self.rules = rules
    }

    /// Takes a lead back, and sends it on if that is wanted: in one transaction, so that a node that dies in between has
    /// done neither.
    ///
    /// - Parameters:
    ///   - id: the lead.
    ///   - reason: why, for the log.
    ///   - sendsOn: whether it is decided again, without those who gave it back.
    ///   - actor: who asked for it.
    ///   - access: the destination, or an administrator.
    /// - Returns: how the lead stands.
    /// - Throws: `StoreError` if no such lead is there; ``RouteRefusal`` when the rules change again and again, and then
    ///   nothing was done.
    package func callAsFunction(
        _ id: UUID,
        reason: String?,
        sendsOn: Bool,
        actor: String,
        as access: Access
    ) async throws -> RoutingOutcome {
        var current = sendsOn ? try await rules.current() : nil
        for _ in 0..<5 {
            let result = try await stores.returns.accept(
                id,
                reason: reason,
                actor: actor,
                sendingOnUnder: current,
                as: access
            )
            if result == .done {
                guard let outcome = try await stores.leads.outcomes(of: [id])[id] else {
                    throw RouteRefusal(code: .notFound)
                }
                return outcome
            }
            if let stale = current { current = try await rules.refresh(replacing: stale.version) }
        }
        throw RouteRefusal(code: .unsettled)
    }
}
