import Logging

extension PoolEngine: SessionOwner {
    func sessionIsReady(_ session: Session) {
        if session.isPooled, !isPooled { logger.notice("connected to PostgreSQL through a pooler in transaction mode") }
        isPooled = session.isPooled
        if machine.backoff.failures > 0 { logger.info("PostgreSQL can be reached again") }
        lastFailure = nil
        machine.connected(session.number, now: ContinuousClock.now)
        perform()
    }

    func sessionEnded(_ session: Session, _ error: PostgresError, wasReady: Bool) {
        guard sessions.removeValue(forKey: session.number) != nil else { return }
        if wasReady {
            // A caller may close its connection itself; only an unexpected end is reported.
            if error != Session.closedError { logger.warning("a connection to PostgreSQL was lost") }
            machine.disconnected(session.number, now: ContinuousClock.now)
        } else {
            connectingFailed(session, error)
        }
        perform()
    }

    func sessionProgressed(_ session: Session) {
        if session.hasMetReadOnly {
            session.hasMetReadOnly = false
            renewConnections()
        }
        machine.progressed(session.number, load(of: session), now: loop.now)
        perform()
    }

    func session(_ session: Session, returns request: Request) {
        if !machine.submitAgain(request, now: ContinuousClock.now) { request.answer(request.outcome) }
        perform()
    }

    private func connectingFailed(_ session: Session, _ error: PostgresError) {
        let isNews = error.message != lastFailure?.message
        lastFailure = error
        machine.connectingFailed(
            session.number,
            // None accepts writes: a server that starts or is full, or while another is being promoted.
            isStarting: ["57P03", "53300", "25006"].contains(error.sqlState ?? ""),
            isTransient: error.isTransient,
            chance: .random(in: 0...1),
            now: ContinuousClock.now
        )
        let failures = machine.backoff.failures
        // Logged at the first failure, when the error changes, and about once a minute.
        if failures == 1 || isNews || failures % 15 == 0 {
            logger.warning("cannot connect to PostgreSQL", metadata: ["error": "\(error)"])
        }
    }

    /// Closes every connection once its work is done, because the server has refused a write.
    func renewConnections() {
        guard machine.metReadOnly(now: ContinuousClock.now) else { return }
        logger.warning("PostgreSQL accepts no writes; reconnecting in case another server does")
        perform()
    }

    // MARK: - The end

    /// Connects if necessary, and again whenever no connection is left.
    func stayConnected() {
        machine.stayConnected(now: ContinuousClock.now)
        perform()
    }

    /// Accepts no new work, finishes what is running, and closes; then `completion` is resumed.
    func shutDown(_ completion: CheckedContinuation<Void, Never>) {
        guard machine.phase != .closed else { return completion.resume() }
        shutdownWaiters.append(completion)
        if machine.shutDown() { _ = loop.after(Self.shutdownGrace) { [weak self] in self?.close() } }
        perform()
    }

    /// How long a shutdown waits for running statements and transactions.
    static let shutdownGrace: Duration = .seconds(5)

    /// Closes everything at once and ends the loop.
    func close() {
        machine.close()
        perform()
    }
}
