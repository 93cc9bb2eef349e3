/// The delays after failed attempts, and the maximum number of attempts.
package struct RetryBackoff: Sendable, Hashable {
    /// The guide's: 1 minute, 5 minutes, 15 minutes, 1 hour; five attempts in all.
    package static let standard = RetryBackoff(
        delays: [.seconds(60), .seconds(300), .seconds(900), .seconds(3600)],
        maximumAttempts: 5
    )

    /// The wait after the first attempt, the second, and so on; the last one repeats.
    package let delays: [Duration]
    /// The maximum number of attempts, the first one included.
    package let maximumAttempts: Int

    /// A backoff of these delays.
    package init(delays: [Duration], maximumAttempts: Int) {
        self.delays = delays
        self.maximumAttempts = maximumAttempts
    }

    /// The delay after attempt `n` has failed, or nil after the last attempt.
    ///
    /// - Parameter n: how many attempts have been made, from 1; lower numbers count as 1.
    /// - Returns: the delay before the next attempt.
    package func delay(afterAttempt n: Int) -> Duration? {
        guard n < maximumAttempts, let last = delays.last else { return nil }
        return n <= delays.count ? delays[max(n, 1) - 1] : last
    }
}
