package import RoutingRules

/// Leads that are in the queue, in their place, and not decided yet.
package struct BegunBatch: Sendable {
    /// One result for each lead, in order, once all are committed or refused; for one caller.
    package let outcomes: @Sendable () async throws -> [Result<RoutingOutcome, BackendError>]

    /// A batch whose outcomes come of a function.
    package init(outcomes: @escaping @Sendable () async throws -> [Result<RoutingOutcome, BackendError>]) {
        self.outcomes = outcomes
    }
}
