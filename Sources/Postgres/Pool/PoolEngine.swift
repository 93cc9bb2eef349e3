import DequeModule
import Logging

/// The pool's own mind: which session does what, and who waits.
///
/// Confined to the loop. Single statements are pipelined on a few shared sessions, each on the one with the least to
/// do. Whoever needs a session exclusively is lent one; at least one session is always left for single statements,
/// unless the pool has just one, which then serves in turn. Whoever has to wait does so in order of arrival.
final class PoolEngine: @unchecked Sendable {
    enum State { case running, draining, closed }

    struct Waiter<Element> {
        let element: Element
        /// When it reports that there is no connection.
        var givesUp: ContinuousClock.Instant
    }

    let loop: SocketLoop
    let configuration: PostgresConfiguration
    let maximumConnections: Int
    let maximumShared: Int
    let maximumWaiters: Int
    let logger: Logger

    /// No more than this many requests are under way on one shared session; more wait in the pool.
    static let pipelineDepth = 256

    var state = State.running
    var sessions: [Session] = []
    var queries: Deque<Waiter<Request>> = []
    var leases: Deque<Waiter<LeaseRequest>> = []
    var lastLease: UInt64 = 0
    var backoff = ReconnectBackoff()
    var retryTimer: TimerList.Token?
    var waiterTimer: TimerList.Token?
    var lastFailure: PostgresError?
    var hasConnected = false
    /// Whether the last connection came through a pooler.
    var isPooled = false
    /// Whether a connection is kept open without a request for one.
    var staysConnected = false
    /// When connections were last given up because the server takes no writes, and how long until the next time.
    var renewal: (at: ContinuousClock.Instant, pause: Duration)?
    var shutdownWaiters: [CheckedContinuation<Void, Never>] = []
    private(set) lazy var deadlines = Deadlines(loop) { [unowned self] request in
        interrupt(request, PostgresError(.timeout, "The time limit of a statement has passed."))
    }

    init(
        configuration: PostgresConfiguration,
        maximumConnections: Int,
        maximumWaiters: Int,
        logger: Logger
    ) {
        self.configuration = configuration
        self.maximumConnections = max(1, maximumConnections)
        maximumShared = max(1, min(4, maximumConnections / 2))
        self.maximumWaiters = maximumWaiters
        self.logger = logger
        loop = SocketLoop()
    }

    static let shutDownError = PostgresError(.shutDown, "The connection pool has been shut down.")

    // MARK: - Single statements

    /// Takes a single statement: onto a connection at once, if there is one, or into the queue.
    func submit(_ request: Request) {
        guard state == .running else { return request.answer(.failure(Self.shutDownError)) }
        if let reason = request.interruption { return request.answer(.failure(reason)) }
        if request.deadline != nil { deadlines.add(request) }
        if queries.isEmpty, let session = sharedSession() { return session.send(request) }
        guard hasRoom else { return request.answer(.failure(exhausted)) }
        queries.append(Waiter(element: request, givesUp: givingUp()))
        watchWaiters()
        serve()
    }

    /// Takes a statement on a lent session.
    func submit(_ request: Request, on lease: Lease) {
        if let reason = request.interruption { return request.answer(.failure(reason)) }
        guard lease.session.lease == lease.number else {
            return request.answer(
                .failure(PostgresError(.shutDown, "The connection was already returned to the pool."))
            )
        }
        if request.deadline != nil { deadlines.add(request) }
        lease.session.send(request)
    }

    /// Ends a request early: takes it out of the queue, or has the server cancel it.
    func interrupt(_ request: Request, _ reason: PostgresError) {
        if let session = request.session { return session.interrupt(request, reason) }
        request.interruption = reason
        guard let index = queries.firstIndex(where: { $0.element === request }) else { return }
        queries.remove(at: index)
        request.answer(.failure(reason))
    }

    /// The shared session that is to take the next statement, or nil if it is better to wait.
    ///
    /// A free one if there is any; as long as there are fewer than there may be, another is opened and waited for.
    /// Then the one with the least to do, but not behind a statement that has been running for a while, if that can be
    /// helped: whatever is pipelined behind it waits for it.
    private func sharedSession() -> Session? {
        var quick: Session?
        var slow: Session?
        var count = 0
        for session in sessions where session.role == .shared {
            count += 1
            guard session.canSend, session.pending.count < Self.pipelineDepth else { continue }
            if session.pending.isEmpty { return session }
            if loop.now - session.headSince < Self.slow {
                if quick.map({ session.pending.count < $0.pending.count }) ?? true { quick = session }
            } else {
                if slow.map({ session.pending.count < $0.pending.count }) ?? true { slow = session }
            }
        }
        if count < maximumShared {
            if leases.isEmpty || count == 0,
                let idle = sessions.first(where: { $0.role == .idle && $0.canSend })
            {
                share(idle)
                return idle
            }
            if leases.isEmpty, !isConnecting, sessions.count < maximumConnections { open() }
            if isConnecting { return nil }
        }
        return quick ?? slow
    }

    /// How long a statement may run before others are no longer sent behind it.
    private static let slow: Duration = .milliseconds(10)

    private func share(_ session: Session) {
        session.role = .shared
        session.isShared = true
    }

    // MARK: - Exclusive use

    /// Takes a waiter for an exclusive session.
    func submit(_ lease: LeaseRequest) {
        guard state == .running else { return lease.answer(.failure(Self.shutDownError)) }
        if lease.isCancelled { return lease.answer(.failure(Self.cancelledError)) }
        guard hasRoom else { return lease.answer(.failure(exhausted)) }
        leases.append(Waiter(element: lease, givesUp: givingUp()))
        watchWaiters()
        serve()
    }

    static let cancelledError = PostgresError(
        .cancelled,
        "The task that waited for the database was cancelled."
    )

    /// Removes a waiter from the queue.
    func interrupt(_ lease: LeaseRequest) {
        lease.isCancelled = true
        guard let index = leases.firstIndex(where: { $0.element === lease }) else { return }
        leases.remove(at: index)
        lease.answer(.failure(Self.cancelledError))
    }

    /// Takes a session back; `isClean` if nothing but finished transactions can have happened on it.
    func giveBack(_ lease: Lease, isClean: Bool) {
        let session = lease.session
        guard session.lease == lease.number else { return }
        session.lease = 0
        session.beginsTransaction = false
        session.isInTransaction = false
        session.noticeSink?.finish()
        session.noticeSink = nil
        guard session.state == .ready else { return }
        if session.isOutdated { return session.close(Session.closedError) }
        if isClean, session.isQuiet, session.isIdleOutsideTransaction {
            session.role = .idle
        } else {
            session.role = .resetting
            session.reset { [weak self, weak session] isReset in
                guard let self, let session, session.role == .resetting else { return }
                guard isReset else { return session.lose() }
                if session.isOutdated { return session.close(Session.closedError) }
                session.role = .idle
                serve()
            }
        }
        serve()
        endIfDrained()
    }

    private func lend(_ session: Session, to lease: LeaseRequest) {
        lastLease += 1
        session.lease = lastLease
        session.role = .lent
        lease.answer(.success(Lease(session: session, number: lastLease)))
    }

    // MARK: - Matching

    /// Gives what is free to who waits, and opens what is missing.
    func serve() {
        guard state != .closed else { return }
        while let next = queries.first, let session = sharedSession() {
            queries.removeFirst()
            session.send(next.element)
        }
        while !leases.isEmpty, lentCount < maximumLent, let session = lendable() {
            lend(session, to: leases.removeFirst().element)
        }
        if state == .running { openMissing() }
    }

    private var maximumLent: Int { max(1, maximumConnections - 1) }
    private var lentCount: Int { sessions.count { $0.role == .lent || $0.role == .draining } }

    /// An idle session, or a shared one that has nothing to do; sets one aside if all are busy.
    private func lendable() -> Session? {
        if let idle = sessions.first(where: { $0.role == .idle && $0.isQuiet }) { return idle }
        guard sessions.count >= maximumConnections, !isConnecting,
            !sessions.contains(where: { $0.role == .draining || $0.role == .resetting })
        else { return nil }
        let shared = sessions.filter { $0.role == .shared }
        guard shared.count > 1 || maximumConnections == 1,
            let session = shared.min(by: { $0.pending.count < $1.pending.count })
        else { return nil }
        session.isShared = false
        session.role = session.isQuiet ? .idle : .draining
        return session.isQuiet ? session : nil
    }

    private func openMissing() {
        let hasShared = sessions.contains { $0.role == .shared }
        let coming = sessions.count {
            $0.role == .connecting || $0.role == .draining || $0.role == .resetting
        }
        var wanted =
            min(leases.count, max(0, maximumLent - lentCount)) + (queries.isEmpty || hasShared ? 0 : 1)
        if staysConnected, sessions.isEmpty { wanted = max(wanted, 1) }
        guard wanted > coming else { return }
        for _ in coming..<wanted where sessions.count < maximumConnections { open() }
    }

    private var isConnecting: Bool { sessions.contains { $0.role == .connecting } }

    private func open() {
        guard state == .running, retryTimer == nil, backoff.failures == 0 || !isConnecting else {
            return
        }
        let session = Session(loop: loop, configuration: configuration, logger: logger)
        session.owner = self
        sessions.append(session)
        session.connect()
    }

    // MARK: - Waiting

    private var hasRoom: Bool { queries.count + leases.count < maximumWaiters }

    private var exhausted: PostgresError {
        PostgresError(.poolExhausted, "\(maximumWaiters) callers are waiting for the database already.")
    }

    private func givingUp() -> ContinuousClock.Instant {
        ContinuousClock.now + configuration.connectTimeLimit
    }

    /// Whether no session can be of use, now or when its present work is done.
    private var isDisconnected: Bool { !sessions.contains { $0.state == .ready } }

    func watchWaiters() {
        guard waiterTimer == nil, !(queries.isEmpty && leases.isEmpty) else { return }
        let next =
            [queries.first?.givesUp, leases.first?.givesUp].compactMap(\.self).min() ?? givingUp()
        waiterTimer = loop.after(max(.milliseconds(1), next - ContinuousClock.now)) { [weak self] in
            guard let self else { return }
            waiterTimer = nil
            if isDisconnected { failWaiters(before: ContinuousClock.now) } else { postponeWaiters() }
            watchWaiters()
        }
    }

    /// While the pool is connected, waiting means being busy, and only the caller's own limit counts.
    private func postponeWaiters() {
        let later = givingUp()
        for index in queries.indices { queries[index].givesUp = later }
        for index in leases.indices { leases[index].givesUp = later }
    }

    /// Tells those who have waited long enough that there is no connection.
    func failWaiters(before instant: ContinuousClock.Instant? = nil) {
        let error = lastFailure ?? configuration.noAnswer
        while let first = queries.first, instant.map({ first.givesUp <= $0 }) ?? true {
            queries.removeFirst()
            first.element.answer(.failure(error))
        }
        while let first = leases.first, instant.map({ first.givesUp <= $0 }) ?? true {
            leases.removeFirst()
            first.element.answer(.failure(error))
        }
    }
}
