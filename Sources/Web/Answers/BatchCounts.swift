import RoutingRules

/// The counts of a batch's or stream's results, by kind.
struct BatchCounts: Sendable, Hashable {
    /// All leads.
    private(set) var received = 0
    /// Leads that are in a workspace, duplicates among them.
    private(set) var routed = 0
    /// Leads that wait.
    private(set) var pending = 0
    /// Duplicates.
    private(set) var duplicates = 0
    /// Leads that were not stored.
    private(set) var rejected = 0

    /// Counts one.
    mutating func add(_ result: Result<RoutingOutcome, Problem>) {
        received += 1
        guard case .success(let outcome) = result else {
            rejected += 1
            return
        }
        if outcome.status == .routed { routed += 1 }
        if outcome.status == .pending { pending += 1 }
        if outcome.isDuplicate { duplicates += 1 }
    }
}
