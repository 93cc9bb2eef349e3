package import RoutingRules

/// Leads that are in the intake's queue, and not decided yet.
package struct PendingBatch: Sendable {
    /// One result for each lead, in order, once all are committed or refused; may be called once.
    package let outcomes: @Sendable () async throws -> [Result<RoutingOutcome, RequestError>]

    init(outcomes: @escaping @Sendable () async throws -> [Result<RoutingOutcome, RequestError>]) {
        self.outcomes = outcomes
    }
}
