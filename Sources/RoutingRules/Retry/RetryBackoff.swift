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
}
