/// Waiting times that double, with jitter, until a total is used up.
///
/// The total is counted in time waited, and in what attempts took that came to nothing.
struct RetryBudget {
    private var left: Duration
    private var next: Duration
    private let longest: Duration
    private let clock: any Clock<Duration>

    init(
        _ total: Duration,
        first: Duration = .milliseconds(20),
        longest: Duration = .seconds(1),
        clock: any Clock<Duration>
    ) {
        left = total
        next = first
        self.longest = longest
        self.clock = clock
    }

    /// Counts what an attempt took: connecting to a host that does not answer is waiting, too.
    mutating func spend(_ duration: Duration) { left -= duration }

    /// Waits once more.
    ///
    /// - Returns: false, at once, when the total is used up or the task is cancelled.
    mutating func wait() async -> Bool {
        guard left > .zero else { return false }
        // Half fixed, half random: nodes that lost the same server do not come back in step.
        let pause = min(left, next / 2 + next / 2 * Double.random(in: 0...1))
        left -= pause
        next = min(next * 2, longest)
        do {
            try await clock.sleep(for: pause)
            return true
        } catch {
            return false
        }
    }
}
