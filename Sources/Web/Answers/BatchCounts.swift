import RoutingRules

/// How many leads of a batch or a stream there are of each kind.
struct BatchCounts: Sendable, Hashable {
    /// All of them.
    private(set) var received = 0
    /// Those that are in a workspace now, duplicates among them.
    private(set) var routed = 0
    /// Those that wait.
    private(set) var pending = 0
    /// Those that a partner had sent before.
    private(set) var duplicates = 0
    /// Those that were not stored.
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
