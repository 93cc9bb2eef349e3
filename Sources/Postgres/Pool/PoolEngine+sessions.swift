import CLibPQ
import DequeModule
import Logging

extension PoolEngine: SessionOwner {
    func sessionIsReady(_ session: Session) {
        session.role = .idle
        if session.isPooled, !isPooled { logger.notice("a pooler in transaction mode is between us and PostgreSQL") }
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

    /// Those who wait keep waiting for a server that was there before or is starting; else they are told at once,
    /// since a wrong address or password does not heal by itself.
    private func connectingFailed(_ error: PostgresError) {
        lastFailure = error
        let delay = backoff.failed()
        if backoff.failures == 1 {
            logger.warning("cannot connect to PostgreSQL", metadata: ["error": "\(error)"])
        }
        let isPassing =
            error.sqlState == "57P03" || error.sqlState == "53300" || (hasConnected && error.isTransient)
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
    static let shutdownGrace: Duration = .seconds(10)

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
