/// A bounded wait in small steps that reports its progress.
struct BoundedWait {
    private let clock = ContinuousClock()
    private let begin: ContinuousClock.Instant
    private let limit: Duration
    private let step: Duration
    private var nextLine: Duration = .seconds(3)

    init(limit: Duration, step: Duration = .milliseconds(20)) {
        self.limit = limit
        self.step = step
        begin = clock.now
    }

    /// Sleeps one step; false when the time limit is reached.
    ///
    /// Reports after 3 s, then every 10 s.
    mutating func tick(_ progress: Progress, _ what: @autoclosure () -> String) async throws -> Bool {
        let elapsed = clock.now - begin
        guard elapsed < limit else { return false }
        if elapsed >= nextLine {
            progress("\(what()) … \(elapsed.components.seconds) s")
            nextLine = elapsed + .seconds(10)
        }
        try await Task.sleep(for: step)
        return true
    }
}

/// How often a crashed server is restarted: five times a minute, with growing delays.
struct RestartBudget {
    private var recent: [ContinuousClock.Instant] = []
    private static let delays: [Duration] = [
        .milliseconds(100), .milliseconds(500), .seconds(1), .seconds(3), .seconds(10),
    ]

    /// How long to wait before the next start; nil after too many restarts.
    mutating func delay(at now: ContinuousClock.Instant) -> Duration? {
        recent.removeAll { now - $0 > .seconds(60) }
        guard recent.count < Self.delays.count else { return nil }
        recent.append(now)
        return Self.delays[recent.count - 1]
    }
}
