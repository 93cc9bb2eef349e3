import DequeModule

/// The decisions of a pool: what each session does, and in which order callers are served.
///
/// A value without input or output: each event of the pool is a method that takes the time and appends ``Action``s,
/// which `PoolEngine` executes. Sessions are numbers here. `Statement` and `Borrower` are the callers' requests; the
/// state machine only keeps their order.
///
/// Single statements are pipelined on a few shared sessions, each on the least loaded one. A borrower has a session
/// exclusively. At least one session is always kept for single statements, unless the pool has just one, which then
/// alternates. Callers are served in arrival order.
struct PoolStateMachine<Statement, Borrower> {
    typealias Instant = ContinuousClock.Instant

    enum Phase { case running, draining, closed }

    /// Why a caller is refused.
    enum Refusal: Equatable { case shutDown, exhausted, notConnected }

    /// The actions to execute, in this order.
    enum Action {
        /// Connect a new session of this number.
        case connect(Int)
        /// Send single statements of any caller on a session.
        case share(Int)
        /// Send no more single statements on a session.
        case endSharing(Int)
        /// Send a statement that waited.
        case send(Statement, to: Int)
        /// Lend a session; the lease has this number.
        case lend(Int, to: Borrower, lease: UInt64)
        /// Reset a session to the state of a new one.
        case reset(Int)
        /// Close a session that has no work.
        case close(Int)
        /// Close a session that could not be reset.
        case abandon(Int)
        case refuse(Statement, Refusal)
        case refuseBorrower(Borrower, Refusal)
        /// Report ``retryElapsed(now:)`` after this time.
        case setRetryTimer(Duration)
        /// Report ``waitingElapsed(now:)`` at this time.
        case setWaitingTimer(Instant)
        /// Close every session and end.
        case finish
    }

    /// The limits of a pool.
    struct Limits {
        var connections: Int
        /// How many sessions single statements share at most.
        var shared: Int
        var waiters: Int
        /// How long a caller waits while there is no connection.
        var connectTime: Duration
        /// The most unanswered statements on one shared session.
        var pipelineDepth = 256
        /// How long a statement may run before others are no longer sent behind it.
        var slow: Duration = .milliseconds(10)

        init(connections: Int, waiters: Int, connectTime: Duration) {
            self.connections = max(1, connections)
            shared = max(1, min(4, connections / 2))
            self.waiters = waiters
            self.connectTime = connectTime
        }

        /// How many sessions are lent at most.
        var lent: Int { max(1, connections - 1) }
    }

    /// The load of a session.
    struct Load {
        /// Requests that are sent and not answered.
        var pending = 0
        /// Since when the first of them has been the first.
        var headSince: Instant
        /// Whether a request would be sent at once.
        var canSend = true
        /// Whether the session has no work.
        var isQuiet = true
    }

    struct Entry {
        let id: Int
        var role = PoolRole.connecting
        var load: Load
        /// Whether it is closed as soon as its work is done.
        var isOutdated = false

        var isReady: Bool { role != .connecting }
    }

    struct Waiter<Element> {
        let element: Element
        /// When it is refused if no connection exists.
        var givesUp: Instant
    }

    let limits: Limits
    var phase = Phase.running
    var sessions: [Entry] = []
    var statements: Deque<Waiter<Statement>> = []
    var borrowers: Deque<Waiter<Borrower>> = []
    var backoff = ReconnectBackoff()
    /// Whether to keep a connection open even without callers.
    var staysConnected = false
    var isRetryTimerSet = false
    var isWaitingTimerSet = false
    var hasConnected = false
    /// When connections were last closed because the server accepts no writes, and how long until the next time.
    var renewal: (at: Instant, pause: Duration)?
    private var actions: Deque<Action> = []
    private var lastSession = 0
    private var lastLease: UInt64 = 0

    init(_ limits: Limits) { self.limits = limits }

    /// Removes and returns the next action.
    mutating func nextAction() -> Action? { actions.popFirst() }

    mutating func act(_ action: Action) { actions.append(action) }

    // MARK: - Single statements

    /// Accepts a single statement.
    ///
    /// - Returns: the session to send it to once the actions are executed; nil if it waits or is refused.
    mutating func submit(_ statement: Statement, now: Instant) -> Int? {
        guard phase == .running else {
            act(.refuse(statement, .shutDown))
            return nil
        }
        if statements.isEmpty, let index = sharedSession(now) { return send(to: index, now) }
        guard hasRoom else {
            act(.refuse(statement, .exhausted))
            return nil
        }
        statements.append(Waiter(element: statement, givesUp: now + limits.connectTime))
        watchWaiters(now)
        serve(now)
        return nil
    }

    /// Requeues a statement that has to be resent, ahead of all others.
    ///
    /// - Returns: whether it is accepted; not while the pool shuts down.
    mutating func submitAgain(_ statement: Statement, now: Instant) -> Bool {
        guard phase == .running else { return false }
        statements.prepend(Waiter(element: statement, givesUp: now + limits.connectTime))
        watchWaiters(now)
        serve(now)
        return true
    }

    /// Removes a waiting statement from the queue; nil if none matches.
    mutating func withdraw(where isMeant: (Statement) -> Bool) -> Statement? {
        statements.firstIndex { isMeant($0.element) }.map { statements.remove(at: $0).element }
    }

    /// Counts a statement on a session.
    private mutating func send(to index: Int, _ now: Instant) -> Int {
        if sessions[index].load.pending == 0 { sessions[index].load.headSince = now }
        sessions[index].load.pending += 1
        sessions[index].load.isQuiet = false
        return sessions[index].id
    }

    /// The shared session for the next statement, or nil if it is better to wait.
    ///
    /// An idle one if there is any; below the limit of sessions another is opened instead. Otherwise the least loaded
    /// one, but if possible not one whose statement has been running for a while, because whatever is pipelined behind
    /// it waits for it.
    private mutating func sharedSession(_ now: Instant) -> Int? {
        var quick: Int?
        var slow: Int?
        var count = 0
        for (index, session) in sessions.enumerated() where session.role == .shared {
            count += 1
            let load = session.load
            guard load.canSend, load.pending < limits.pipelineDepth else { continue }
            if load.pending == 0 { return index }
            if now - load.headSince < limits.slow {
                if quick.map({ load.pending < sessions[$0].load.pending }) ?? true { quick = index }
            } else {
                if slow.map({ load.pending < sessions[$0].load.pending }) ?? true { slow = index }
            }
        }
        if count < limits.shared {
            if borrowers.isEmpty || count == 0,
                let idle = sessions.firstIndex(where: { $0.role == .idle && $0.load.canSend })
            {
                sessions[idle].role = .shared
                act(.share(sessions[idle].id))
                return idle
            }
            if borrowers.isEmpty, !isConnecting, sessions.count < limits.connections { open(now) }
            if isConnecting { return nil }
        }
        return quick ?? slow
    }

    // MARK: - Exclusive use

    /// Accepts a request for exclusive use of a session.
    mutating func submitBorrower(_ borrower: Borrower, now: Instant) {
        guard phase == .running else { return act(.refuseBorrower(borrower, .shutDown)) }
        guard hasRoom else { return act(.refuseBorrower(borrower, .exhausted)) }
        borrowers.append(Waiter(element: borrower, givesUp: now + limits.connectTime))
        watchWaiters(now)
        serve(now)
    }

    /// Removes a waiting borrower from the queue; nil if none matches.
    mutating func withdrawBorrower(where isMeant: (Borrower) -> Bool) -> Borrower? {
        borrowers.firstIndex { isMeant($0.element) }.map { borrowers.remove(at: $0).element }
    }

    /// Takes a released session; `isClean` if only finished transactions can have run on it.
    mutating func release(_ id: Int, isClean: Bool, now: Instant) {
        guard let index = index(of: id), sessions[index].role == .lent else { return }
        if sessions[index].isOutdated {
            sessions[index].role = .retiring
            return act(.close(id))
        }
        sessions[index].role = isClean ? .idle : .resetting
        if !isClean {
            sessions[index].load.isQuiet = false
            act(.reset(id))
        }
        serve(now)
        endIfDrained()
    }

    /// The reset of a released session has succeeded or failed.
    mutating func wasReset(_ id: Int, _ load: Load, isDone: Bool, now: Instant) {
        guard let index = index(of: id), sessions[index].role == .resetting else { return }
        sessions[index].load = load
        guard isDone else { return act(.abandon(id)) }
        if sessions[index].isOutdated {
            sessions[index].role = .retiring
            return act(.close(id))
        }
        sessions[index].role = .idle
        serve(now)
    }

    // MARK: - Matching

    /// Gives free sessions to waiting callers, and opens missing ones.
    mutating func serve(_ now: Instant) {
        guard phase != .closed else { return }
        while !statements.isEmpty, let index = sharedSession(now) {
            let id = send(to: index, now)
            act(.send(statements.removeFirst().element, to: id))
        }
        while !borrowers.isEmpty, lentCount < limits.lent, let index = lendable() { lend(index) }
        if phase == .running { openMissing(now) }
    }

    /// Lends a session to the first waiting borrower, if any.
    mutating func lend(_ index: Int) {
        guard let borrower = borrowers.popFirst() else { return }
        lastLease += 1
        sessions[index].role = .lent
        act(.lend(sessions[index].id, to: borrower.element, lease: lastLease))
    }

    private var lentCount: Int { sessions.count { $0.role == .lent || $0.role == .draining } }

    /// An idle session, or a shared one without work; reserves one if all are busy.
    private mutating func lendable() -> Int? {
        if let idle = sessions.firstIndex(where: { $0.role == .idle && $0.load.isQuiet }) { return idle }
        guard sessions.count >= limits.connections, !isConnecting,
            !sessions.contains(where: { $0.role == .draining || $0.role == .resetting })
        else { return nil }
        let shared = sessions.indices.filter { sessions[$0].role == .shared }
        guard shared.count > 1 || limits.connections == 1,
            let index = shared.min(by: { sessions[$0].load.pending < sessions[$1].load.pending })
        else { return nil }
        act(.endSharing(sessions[index].id))
        let isQuiet = sessions[index].load.isQuiet
        sessions[index].role = isQuiet ? .idle : .draining
        return isQuiet ? index : nil
    }

    private mutating func openMissing(_ now: Instant) {
        let hasShared = sessions.contains { $0.role == .shared }
        let coming = sessions.count { $0.role == .connecting || $0.role == .draining || $0.role == .resetting }
        var wanted =
            min(borrowers.count, max(0, limits.lent - lentCount)) + (statements.isEmpty || hasShared ? 0 : 1)
        if staysConnected, sessions.isEmpty { wanted = max(wanted, 1) }
        guard wanted > coming else { return }
        for _ in coming..<wanted where sessions.count < limits.connections { open(now) }
    }

    private var isConnecting: Bool { sessions.contains { $0.role == .connecting } }

    private mutating func open(_ now: Instant) {
        guard phase == .running, !isRetryTimerSet, backoff.failures == 0 || !isConnecting else { return }
        lastSession += 1
        sessions.append(Entry(id: lastSession, load: Load(headSince: now)))
        act(.connect(lastSession))
    }

    func index(of id: Int) -> Int? { sessions.firstIndex { $0.id == id } }
}
