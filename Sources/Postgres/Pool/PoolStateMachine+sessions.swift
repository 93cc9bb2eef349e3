import DequeModule

extension PoolStateMachine {
    /// A session is connected and ready.
    mutating func connected(_ id: Int, now: Instant) {
        guard let index = index(of: id) else { return }
        sessions[index].role = .idle
        sessions[index].load = Load(headSince: now)
        backoff.succeeded()
        hasConnected = true
        serve(now)
        endIfDrained()
    }

    /// A session could not be connected.
    ///
    /// Callers keep waiting for a server that was reachable before or is starting. Otherwise they are refused at once,
    /// since a wrong address or password needs the operator.
    ///
    /// - Parameters:
    ///   - id: the session.
    ///   - isStarting: whether the server reported that it is starting, full, or not accepting writes yet.
    ///   - isTransient: whether another attempt may succeed.
    ///   - chance: a random number from 0 to 1.
    ///   - now: the time.
    mutating func connectingFailed(_ id: Int, isStarting: Bool, isTransient: Bool, chance: Double, now: Instant) {
        sessions.removeAll { $0.id == id }
        guard phase != .closed else { return }
        let delay = backoff.failed(chance: chance)
        let isPassing = isStarting || hasConnected && isTransient
        if !isPassing, !isConnected { refuseWaiters() }
        if !isRetryTimerSet {
            isRetryTimerSet = true
            act(.setRetryTimer(delay))
        }
        // Callers that waited for this connection use the remaining ones.
        serve(now)
        endIfDrained()
    }

    /// The time has come to connect again.
    mutating func retryElapsed(now: Instant) {
        isRetryTimerSet = false
        serve(now)
    }

    /// A session that was ready has ended.
    mutating func disconnected(_ id: Int, now: Instant) {
        sessions.removeAll { $0.id == id }
        guard phase != .closed else { return }
        serve(now)
        endIfDrained()
    }

    /// The load of a session has changed.
    mutating func observe(_ id: Int, _ load: Load) {
        if let index = index(of: id) { sessions[index].load = load }
    }

    /// A session has answered a request, or can accept requests again.
    mutating func progressed(_ id: Int, _ load: Load, now: Instant) {
        guard let index = index(of: id) else { return }
        sessions[index].load = load
        if load.isQuiet {
            switch sessions[index].role {
            case .retiring: return act(.close(id))
            case .draining:
                sessions[index].role = .idle
                // It was reserved for a borrower: statements that arrived since do not take it.
                lend(index)
            default: break
            }
        }
        if sessions[index].role == .idle || !statements.isEmpty { serve(now) }
        if phase == .draining { endIfDrained() }
    }

    /// The server has refused a write: closes every connection once its work is done.
    ///
    /// The server was demoted or made read-only. When reconnecting, libpq finds the host that accepts writes, or the
    /// same one again. The pause doubles each time, so that a database that stays read-only is not reconnected to
    /// constantly.
    ///
    /// - Returns: whether connections are being closed.
    mutating func metReadOnly(now: Instant) -> Bool {
        var pause = Duration.seconds(1)
        if let renewal {
            guard now - renewal.at >= renewal.pause else { return false }
            if now - renewal.at < renewal.pause + .seconds(20) { pause = min(renewal.pause * 2, .seconds(16)) }
        }
        renewal = (now, pause)
        for index in sessions.indices where sessions[index].isReady {
            sessions[index].isOutdated = true
            switch sessions[index].role {
            case .idle, .shared, .draining:
                sessions[index].role = .retiring
                if sessions[index].load.isQuiet { act(.close(sessions[index].id)) }
            case .connecting, .lent, .resetting, .retiring: break
            }
        }
        return true
    }

    // MARK: - Waiting

    var hasRoom: Bool { statements.count + borrowers.count < limits.waiters }

    /// Whether a session is usable, now or when its present work is done.
    var isConnected: Bool { sessions.contains(where: \.isReady) }

    /// Sets the timer after which callers are refused while no connection exists.
    mutating func watchWaiters(_ now: Instant) {
        guard !isWaitingTimerSet, !(statements.isEmpty && borrowers.isEmpty) else { return }
        isWaitingTimerSet = true
        let next = [statements.first?.givesUp, borrowers.first?.givesUp].compactMap(\.self).min()
        act(.setWaitingTimer(next ?? now + limits.connectTime))
    }

    /// The first caller has waited for its time limit while no connection exists.
    ///
    /// While the pool is connected, callers wait because it is busy, and only the caller's own limit counts.
    mutating func waitingElapsed(now: Instant) {
        isWaitingTimerSet = false
        if isConnected {
            for index in statements.indices { statements[index].givesUp = now + limits.connectTime }
            for index in borrowers.indices { borrowers[index].givesUp = now + limits.connectTime }
        } else {
            refuseWaiters(before: now)
        }
        watchWaiters(now)
    }

    /// Refuses callers who have waited long enough, or all of them.
    private mutating func refuseWaiters(before instant: Instant? = nil) {
        while let first = statements.first, instant.map({ first.givesUp <= $0 }) ?? true {
            statements.removeFirst()
            act(.refuse(first.element, .notConnected))
        }
        while let first = borrowers.first, instant.map({ first.givesUp <= $0 }) ?? true {
            borrowers.removeFirst()
            act(.refuseBorrower(first.element, .notConnected))
        }
    }

    // MARK: - The end

    /// Connects if necessary, and again whenever no connection is left.
    mutating func stayConnected(now: Instant) {
        staysConnected = true
        serve(now)
    }

    /// Accepts no new work, and finishes what is running.
    ///
    /// - Returns: whether this call starts the shutdown, so that the caller sets its time limit.
    mutating func shutDown() -> Bool {
        guard phase == .running else { return false }
        phase = .draining
        while let borrower = borrowers.popFirst() { act(.refuseBorrower(borrower.element, .shutDown)) }
        endIfDrained()
        return true
    }

    mutating func endIfDrained() {
        guard phase == .draining else { return }
        if !statements.isEmpty, isConnected { return }
        if sessions.contains(where: { $0.role == .lent || $0.isReady && !$0.load.isQuiet }) { return }
        close()
    }

    /// Ends at once.
    mutating func close() {
        guard phase != .closed else { return }
        phase = .closed
        while let statement = statements.popFirst() { act(.refuse(statement.element, .shutDown)) }
        while let borrower = borrowers.popFirst() { act(.refuseBorrower(borrower.element, .shutDown)) }
        sessions = []
        act(.finish)
    }
}
