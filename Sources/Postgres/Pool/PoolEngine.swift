import CLibPQ
import Logging
import Synchronization

/// Executes the decisions of the pool's state machine: opens and closes sessions, sends, lends, sets timers.
///
/// Confined to the loop. `PoolStateMachine` decides what each session does and which caller is next; the engine has the
/// sessions, the callers and the clock.
final class PoolEngine: @unchecked Sendable {
    typealias Machine = PoolStateMachine<Request, LeaseRequest>

    let loop: SocketLoop
    let configuration: PostgresConfiguration
    let maximumConnections: Int
    let logger: Logger

    var machine: Machine
    var sessions: [Int: Session] = [:]
    private let failure = Mutex<PostgresError?>(nil)
    /// Why the last attempt to connect failed; nil once one has succeeded.
    ///
    /// Any thread may read it.
    var lastFailure: PostgresError? {
        get { failure.withLock { $0 } }
        set { failure.withLock { $0 = newValue } }
    }
    /// Whether the last connection came through a pooler.
    var isPooled = false
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
        self.logger = logger
        machine = Machine(
            Machine.Limits(
                connections: maximumConnections,
                waiters: maximumWaiters,
                connectTime: configuration.connectTimeLimit
            )
        )
        loop = SocketLoop()
    }

    static let shutDownError = PostgresError(.shutDown, "The connection pool has been shut down.")
    static let cancelledError = PostgresError(.cancelled, "The task that waited for the database was cancelled.")

    // MARK: - Callers

    /// Accepts a single statement: sends it at once if a connection is free, or queues it.
    func submit(_ request: Request) {
        if let reason = request.interruption { return request.answer(.failure(reason)) }
        if request.deadline != nil { deadlines.add(request) }
        let session = machine.submit(request, now: loop.now)
        perform()
        if let session { send(request, to: session) }
    }

    /// Accepts a statement on a lent session.
    func submit(_ request: Request, on lease: Lease) {
        if let reason = request.interruption { return request.answer(.failure(reason)) }
        guard lease.session.lease == lease.number else {
            return request.answer(.failure(PostgresError(.shutDown, "The connection has been released.")))
        }
        if request.deadline != nil { deadlines.add(request) }
        lease.session.send(request)
    }

    /// Ends a request early: removes it from the queue, or has the server cancel it.
    func interrupt(_ request: Request, _ reason: PostgresError) {
        if let session = request.session {
            session.interrupt(request, reason)
            return observe(session)
        }
        request.interruption = reason
        machine.withdraw { $0 === request }?.answer(.failure(reason))
    }

    /// Accepts a request for exclusive use of a session.
    func submit(_ lease: LeaseRequest) {
        if lease.isCancelled { return lease.answer(.failure(Self.cancelledError)) }
        machine.submitBorrower(lease, now: ContinuousClock.now)
        perform()
    }

    /// Removes a request for a session from the queue.
    func interrupt(_ lease: LeaseRequest) {
        lease.isCancelled = true
        machine.withdrawBorrower { $0 === lease }?.answer(.failure(Self.cancelledError))
    }

    /// Takes a released session; `isClean` if only finished transactions can have run on it.
    func releaseOnLoop(_ lease: Lease, isClean: Bool) {
        let session = lease.session
        guard session.lease == lease.number else { return }
        session.lease = 0
        session.isLent = false
        session.beginsTransaction = false
        session.isInTransaction = false
        guard session.state == .ready else { return }
        observe(session)
        let isClean = isClean && session.isQuiet && session.isIdleOutsideTransaction
        machine.release(session.number, isClean: isClean, now: ContinuousClock.now)
        perform()
    }

    // MARK: - Actions

    /// Executes the actions of the state machine.
    func perform() {
        while let action = machine.nextAction() { perform(action) }
    }

    private func perform(_ action: Machine.Action) {
        switch action {
        case .connect(let id): connect(id)
        case .share(let id): sessions[id]?.isShared = true
        case .endSharing(let id): sessions[id]?.isShared = false
        case .send(let request, let id): send(request, to: id)
        case .lend(let id, let request, let lease): lend(id, to: request, lease)
        case .reset(let id): reset(id)
        case .close(let id): sessions[id]?.close(Session.closedError)
        case .abandon(let id): sessions[id]?.lose()
        case .refuse(let request, let refusal): request.answer(.failure(error(refusal)))
        case .refuseBorrower(let request, let refusal): request.answer(.failure(error(refusal)))
        case .setRetryTimer(let delay):
            _ = loop.after(delay) { [weak self] in
                self?.machine.retryElapsed(now: ContinuousClock.now)
                self?.perform()
            }
        case .setWaitingTimer(let instant):
            _ = loop.after(max(.milliseconds(1), instant - ContinuousClock.now)) { [weak self] in
                self?.machine.waitingElapsed(now: ContinuousClock.now)
                self?.perform()
            }
        case .finish: finish()
        }
    }

    private func connect(_ id: Int) {
        let session = Session(loop: loop, configuration: configuration, logger: logger)
        session.number = id
        session.owner = self
        sessions[id] = session
        session.connect()
    }

    private func send(_ request: Request, to id: Int) {
        guard let session = sessions[id] else {
            // The session ended while earlier actions were executed.
            if !machine.submitAgain(request, now: loop.now) { request.answer(.failure(Self.shutDownError)) }
            return perform()
        }
        session.send(request)
        observe(session)
    }

    private func lend(_ id: Int, to request: LeaseRequest, _ lease: UInt64) {
        guard let session = sessions[id] else {
            machine.submitBorrower(request, now: ContinuousClock.now)
            return perform()
        }
        session.lease = lease
        session.isLent = true
        request.answer(.success(Lease(session: session, number: lease)))
    }

    private func reset(_ id: Int) {
        guard let session = sessions[id] else { return }
        session.reset { [weak self, weak session] isReset in
            guard let self, let session else { return }
            machine.wasReset(id, load(of: session), isDone: isReset, now: ContinuousClock.now)
            perform()
        }
        observe(session)
    }

    private func error(_ refusal: Machine.Refusal) -> PostgresError {
        switch refusal {
        case .shutDown: Self.shutDownError
        case .exhausted:
            PostgresError(
                .poolExhausted,
                "\(machine.limits.waiters) callers are waiting for the database already."
            )
        case .notConnected: lastFailure ?? configuration.noAnswer
        }
    }

    private func finish() {
        let ending = sessions.values
        sessions = [:]
        for session in ending { session.close(Self.shutDownError) }
        deadlines.removeAll()
        loop.stop()
        for waiter in shutdownWaiters { waiter.resume() }
        shutdownWaiters = []
    }

    /// Reports how busy a session is.
    private func observe(_ session: Session) {
        machine.observe(session.number, load(of: session))
    }

    func load(of session: Session) -> Machine.Load {
        Machine.Load(
            pending: session.pending.count,
            headSince: session.headSince,
            canSend: session.canSend,
            isQuiet: session.isQuiet
        )
    }
}

extension Session {
    /// Whether the server has finished everything and no transaction is open.
    var isIdleOutsideTransaction: Bool { transactionStatus == PQTRANS_IDLE }
}
