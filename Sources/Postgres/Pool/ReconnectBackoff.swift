/// The delay before the next connection attempt: exponential, with jitter.
struct ReconnectBackoff {
    static let first: Duration = .milliseconds(50)
    static let longest: Duration = .seconds(5)

    /// Failed attempts since the last success.
    private(set) var failures = 0

    /// Counts a failure and returns how long to wait; `chance` is from 0 to 1.
    mutating func failed(chance: Double = .random(in: 0...1)) -> Duration {
        let doubled = Self.first * (1 << min(failures, 10))
        failures += 1
        return min(doubled, Self.longest) * (0.5 + 0.5 * chance)
    }

    /// Resets the delay after a success.
    mutating func succeeded() {
        failures = 0
    }
}
