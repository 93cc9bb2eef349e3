package import LeadStore

/// Reads the database for metrics and alerts, at most once in ten seconds on a node, however many callers there are.
///
/// Without a caller nothing is read. Callers that arrive during a read share it.
package actor DatabaseReader {
    /// The last reading, or why there is none.
    package enum State: Sendable {
        /// Nothing was read yet.
        case unread
        /// The values of the database.
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
    ///   - maximumAge: for how long a reading is valid.
    ///   - now: returns the time; replaceable in tests.
    ///   - read: reads the database.
    package init(
        maximumAge: Duration = .seconds(10),
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        read: @escaping @Sendable () async throws -> RoutingReading
    ) {
        self.maximumAge = maximumAge
        self.now = now
        self.read = read
    }

    /// The last reading, not older than the maximum age.
    ///
    /// A failure is cached as long as a reading, so that a failing database is not queried more often.
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
