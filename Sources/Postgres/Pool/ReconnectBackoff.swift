/// How long to wait before another attempt to connect: twice as long each time, by chance a little less.
struct ReconnectBackoff {
    static let first: Duration = .milliseconds(50)
    static let longest: Duration = .seconds(5)

    /// Attempts that failed since the last one that did not.
    private(set) var failures = 0

    /// Notes a failure and says how long to wait; `chance` is from 0 to 1.
    mutating func failed(chance: Double = .random(in: 0...1)) -> Duration {
        let doubled = Self.first * (1 << min(failures, 10))
        failures += 1
        return min(doubled, Self.longest) * (0.5 + 0.5 * chance)
    }

    /// Notes a success.
    mutating func succeeded() {
        failures = 0
    }
}
