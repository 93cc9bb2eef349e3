package import RoutingRules

/// Leads that are in the intake's queue, in their place, and not decided yet.
package struct PendingBatch: Sendable {
    /// One result for each lead, in order, once all are committed or refused; for one reader.
    package let outcomes: @Sendable () async throws -> [Result<RoutingOutcome, RequestError>]

    init(outcomes: @escaping @Sendable () async throws -> [Result<RoutingOutcome, RequestError>]) {
        self.outcomes = outcomes
    }
}
