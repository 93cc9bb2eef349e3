/// Exponential backoff with jitter, up to a total duration.
///
/// The total includes the delays and the duration of failed attempts.
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

    /// Counts the duration of a failed attempt, such as connecting to a host that does not answer.
    mutating func spend(_ duration: Duration) { left -= duration }

    /// Waits for the next delay.
    ///
    /// - Returns: false, at once, when the total is used up or the task is cancelled.
    mutating func wait() async -> Bool {
        guard left > .zero else { return false }
        // Half fixed, half random, so that nodes that lost the same server do not reconnect in step.
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
