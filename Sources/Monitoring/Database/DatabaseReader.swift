package import LeadStore

/// Reads the database for metrics and alerts, at most once in ten seconds on a node, however many ask.
///
/// Nobody asks, nothing is read. Whoever comes while a reading is under way waits for that one.
package actor DatabaseReader {
    /// What was read last, or why nothing was.
    package enum State: Sendable {
        /// Nothing was asked for yet.
        case unread
        /// It is as the database says.
        case known(RoutingReading)
        /// The database did not answer.
        case unknown
    }

    private let read: @Sendable () async throws -> RoutingReading
    private let now: @Sendable () -> ContinuousClock.Instant
    private let maximumAge: Duration
    private var readAt: ContinuousClock.Instant?
    private var underWay: Task<State, Never>?
    private var last = State.unread

    /// A reader.
    ///
    /// - Parameters:
    ///   - maximumAge: for how long a reading is good.
    ///   - now: the time, for tests.
    ///   - read: what asks the database.
    package init(
        maximumAge: Duration = .seconds(10),
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        read: @escaping @Sendable () async throws -> RoutingReading
    ) {
        self.maximumAge = maximumAge
        self.now = now
        self.read = read
    }

    /// The state of things, not older than the maximum age.
    ///
    /// A failure is kept as long as a reading: an ailing database
    /// is not asked more often.
    package func current() async -> State {
        if let underWay { return await underWay.value }
        if let readAt, now() - readAt < maximumAge { return last }
        let task = Task { [read] in
            do { return State.known(try await read()) } catch { return State.unknown }
        }
        underWay = task
        last = await task.value
        readAt = now()
        underWay = nil
        return last
    }
}
