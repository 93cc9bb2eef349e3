package import FoundationEssentials
package import LeadStore
package import RoutingRules

/// Returns leads from destinations that reject them.
package struct LeadReturn: Sendable {
    private let stores: Stores
    private let rules: RuleSetCache

    /// Returns of leads in a store.
    package init(stores: Stores, rules: RuleSetCache) {
        self.stores = stores
        self.rules = rules
    }

    /// Returns a lead, and optionally routes it again: in one transaction, so that a node that dies in between does
    /// neither.
    ///
    /// - Parameters:
    ///   - id: the lead.
    ///   - reason: the reason, for the log.
    ///   - sendsOn: whether it is routed again, without the workspaces that returned it.
    ///   - actor: the caller.
    ///   - access: the access of the destination, or of an administrator.
    /// - Returns: the lead's new state.
    /// - Throws: `StoreError` if the lead does not exist; ``RouteRefusal`` if the rules keep changing, and then nothing
    ///   is written.
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
