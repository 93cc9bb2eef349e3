package import FoundationEssentials
package import LeadStore
import Postgres
import Synchronization

/// Where tokens are leased: the database, or a test.
package protocol RateSource: Sendable {
    /// Reports what a node has spent, and replaces its leases.
    func lease(_ asks: [RateAsk], node: UUID, seconds: Int32) async throws -> [RateLease]
}

extension RateStore: RateSource {}

/// The rate limits of a node: spends leased tokens in memory, and leases more in the background, ahead of need.
///
/// A request costs a look-up in a dictionary under a lock that is held for less than a microsecond. All limits of a node
/// share one statement, which runs at most every two seconds, and at once when a limit nears its end.
package final class RateLimiter: Sendable {
    private struct State {
        var leases: TokenLeases
        /// Whether a statement is under way.
        var isLeasing = false
        var isReportScheduled = false
        var isClosed = false
        /// Requests that wait for the end of the statement.
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>
    private let source: any RateSource
    private let node: UUID
    private let now: @Sendable () -> ContinuousClock.Instant

    /// A limiter over a source, with its own clock.
    package init(
        source: any RateSource,
        usual: UsualRates = UsualRates(),
        node: UUID = UUID(),
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.source = source
        self.node = node
        self.now = now
        state = Mutex(State(leases: TokenLeases(usual: usual)))
    }

    /// Spends tokens of a subject, all or none; waits only if a lease has to bring them.
    ///
    /// - Returns: whether they are spent.
    func take(_ count: Int64 = 1, of subject: RateSubject) async -> Bool {
        // The statement that is under way may have been sent before; the next one brings what this needs.
        for _ in 0..<2 {
            switch attempt(count, of: subject) {
            case .granted: return true
            case .refused: return false
            case .unknown: await leased()
            }
        }
        return attempt(count, of: subject) == .granted
    }

    /// Gives tokens back that were taken and not used.
    func giveBack(_ count: Int64, of subject: RateSubject) {
        state.withLock { $0.leases.giveBack(count, of: subject) }
    }

    /// What is left of a subject's limit; nil for one that was not used lately.
    func reading(of subject: RateSubject) -> RateReading? {
        let now = now()
        return state.withLock { $0.leases.reading(of: subject, at: now) }
    }

    private func attempt(_ count: Int64, of subject: RateSubject) -> TokenLeases.Verdict {
        let now = now()
        let (verdict, starts, schedules) = state.withLock { state in
            let verdict = state.leases.take(count, of: subject, at: now)
            let starts = Self.begins(&state, at: now)
            return (verdict, starts, !starts && Self.schedules(&state))
        }
        if starts { Task { await lease() } }
        if schedules { scheduleReport() }
        return verdict
    }

    /// Whether a statement is to be sent, which is under way then.
    private static func begins(_ state: inout State, at now: ContinuousClock.Instant) -> Bool {
        guard state.leases.asks(at: now), !state.isLeasing, !state.isClosed else { return false }
        state.isLeasing = true
        return true
    }

    /// Whether a report is to be scheduled, which it is then.
    private static func schedules(_ state: inout State) -> Bool {
        guard !state.isLeasing, !state.isClosed, !state.isReportScheduled,
            state.leases.isActive || state.leases.isDue
        else { return false }
        state.isReportScheduled = true
        return true
    }

    /// Waits for the end of the statement that is under way.
    private func leased() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                guard state.isLeasing else { return true }
                state.waiters.append(continuation)
                return false
            }
            if isOver { continuation.resume() }
        }
    }

    /// Leases what is due, until nothing is.
    private func lease() async {
        while true {
            let begun = now()
            let asks = state.withLock { $0.leases.ask(at: begun) }
            var isShutDown = false
            if !asks.isEmpty {
                do {
                    let leases = try await source.lease(asks, node: node, seconds: TokenLeases.leaseSeconds)
                    let answered = now()
                    state.withLock { $0.leases.answer(leases, askedAt: begun, at: answered) }
                } catch {
                    isShutDown = (error as? PostgresError)?.code == .shutDown
                    let failed = now()
                    state.withLock { $0.leases.failed(asks, at: failed) }
                }
            }
            let (waiters, ends, schedules) = state.withLock { state in
                defer { state.waiters = [] }
                if isShutDown { state.isClosed = true }
                let ends = asks.isEmpty || isShutDown
                if ends { state.isLeasing = false }
                return (state.waiters, ends, Self.schedules(&state))
            }
            for waiter in waiters { waiter.resume() }
            if schedules { scheduleReport() }
            if ends { return }
        }
    }

    /// Reports what was spent, and gives back what was not, after a while.
    private func scheduleReport() {
        Task { [weak self] in
            try? await Task.sleep(for: TokenLeases.reportInterval)
            await self?.report()
        }
    }

    /// Reports what is to be reported now.
    func report() async {
        let starts = state.withLock { state in
            state.isReportScheduled = false
            guard !state.isLeasing, !state.isClosed else { return false }
            state.isLeasing = true
            return true
        }
        if starts { await lease() }
    }
}
