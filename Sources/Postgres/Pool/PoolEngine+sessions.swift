import CLibPQ
import DequeModule
import Logging

extension PoolEngine: SessionOwner {
    func sessionIsReady(_ session: Session) {
        session.role = .idle
        if session.isPooled, !isPooled {
            logger.notice("a pooler in transaction mode is between this node and PostgreSQL")
        }
        isPooled = session.isPooled
        if backoff.failures > 0 { logger.info("PostgreSQL can be reached again") }
        backoff.succeeded()
        lastFailure = nil
        hasConnected = true
        serve()
        endIfDrained()
    }

    func sessionEnded(_ session: Session, _ error: PostgresError, wasReady: Bool) {
        sessions.removeAll { $0 === session }
        guard state != .closed else { return }
        if wasReady {
            // Whoever has a connection may close it; only what was taken away is news.
            if error != Session.closedError { logger.warning("a connection to PostgreSQL was lost") }
            serve()
        } else {
            connectingFailed(error)
        }
        endIfDrained()
    }

    func sessionProgressed(_ session: Session) {
        if session.hasMetReadOnly {
            session.hasMetReadOnly = false
            renewConnections()
        }
        if session.role == .retiring, session.isQuiet { return session.close(Session.closedError) }
        if session.role == .draining, session.isQuiet { session.role = .idle }
        if session.role == .idle || !queries.isEmpty { serve() }
        if state == .draining { endIfDrained() }
    }

    func session(_ session: Session, returns request: Request) {
        guard state == .running else { return request.answer(request.outcome) }
        queries.prepend(
            Waiter(element: request, givesUp: ContinuousClock.now + configuration.connectTimeLimit)
        )
        watchWaiters()
        serve()
    }

    /// Those who wait keep waiting for a server that was there before or is starting; otherwise they get an error at
    /// once, since a wrong address or password does not heal by itself.
    private func connectingFailed(_ error: PostgresError) {
        let isNews = error.message != lastFailure?.message
        lastFailure = error
        let delay = backoff.failed()
        // Said when it begins, when it changes, and about once a minute.
        if backoff.failures == 1 || isNews || backoff.failures % 15 == 0 {
            logger.warning("cannot connect to PostgreSQL", metadata: ["error": "\(error)"])
        }
        // While another server is promoted, none takes writes.
        let isPassing =
            ["57P03", "53300", "25006"].contains(error.sqlState ?? "") || (hasConnected && error.isTransient)
        let isConnected = sessions.contains { $0.state == .ready }
        if !isPassing && !isConnected { failWaiters() }
        if retryTimer == nil {
            retryTimer = loop.after(delay) { [weak self] in
                guard let self else { return }
                retryTimer = nil
                serve()
            }
        }
        // Those who waited for this connection make do with what there is.
        serve()
    }

    /// Gives up every connection, each when its work is done, because the server has refused a write.
    ///
    /// It was demoted or made read-only; connected anew, libpq finds the one that takes writes, or the same again. So
    /// that a database that stays read-only is not connected to all the time, pauses between two times double.
    func renewConnections() {
        let now = ContinuousClock.now
        var pause = Duration.seconds(1)
        if let renewal {
            guard now - renewal.at >= renewal.pause else { return }
            if now - renewal.at < renewal.pause + .seconds(20) { pause = min(renewal.pause * 2, .seconds(16)) }
        }
        renewal = (now, pause)
        logger.warning("PostgreSQL accepts no writes; reconnecting, in case another server does")
        for session in sessions where session.state == .ready {
            session.isOutdated = true
            switch session.role {
            case .idle, .shared, .draining: session.role = .retiring
            case .connecting, .lent, .resetting, .retiring: break
            }
        }
        for session in sessions where session.role == .retiring && session.isQuiet {
            session.close(Session.closedError)
        }
    }

    // MARK: - The end

    /// Connects if need be, and again whenever no connection is left.
    func stayConnected() {
        staysConnected = true
        serve()
    }

    /// Takes nothing new, finishes what there is, and closes; `completion` is resumed then.
    func shutDown(_ completion: CheckedContinuation<Void, Never>) {
        guard state != .closed else { return completion.resume() }
        shutdownWaiters.append(completion)
        guard state == .running else { return }
        state = .draining
        while let lease = leases.popFirst() { lease.element.answer(.failure(Self.shutDownError)) }
        _ = loop.after(Self.shutdownGrace) { [weak self] in self?.close() }
        endIfDrained()
    }

    /// How long a shutdown waits for statements and transactions under way.
    static let shutdownGrace: Duration = .seconds(5)

    func endIfDrained() {
        guard state == .draining else { return }
        let isConnected = sessions.contains { $0.state == .ready }
        if !queries.isEmpty && isConnected { return }
        if sessions.contains(where: { $0.role == .lent || ($0.state == .ready && !$0.isQuiet) }) {
            return
        }
        close()
    }

    /// Closes everything at once and ends the loop.
    func close() {
        guard state != .closed else { return }
        state = .closed
        while let query = queries.popFirst() { query.element.answer(.failure(Self.shutDownError)) }
        while let lease = leases.popFirst() { lease.element.answer(.failure(Self.shutDownError)) }
        for session in sessions { session.close(Self.shutDownError) }
        sessions = []
        deadlines.removeAll()
        loop.stop()
        for waiter in shutdownWaiters { waiter.resume() }
        shutdownWaiters = []
    }
}

extension Session {
    /// Whether the server has finished everything and no transaction is open.
    var isIdleOutsideTransaction: Bool { transactionStatus == PQTRANS_IDLE }
}
