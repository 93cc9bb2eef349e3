import Logging

extension PoolEngine: SessionOwner {
    func sessionIsReady(_ session: Session) {
        if session.isPooled, !isPooled { logger.notice("a pooler in transaction mode is between us and PostgreSQL") }
        isPooled = session.isPooled
        if machine.backoff.failures > 0 { logger.info("PostgreSQL can be reached again") }
        lastFailure = nil
        machine.connected(session.number, now: ContinuousClock.now)
        perform()
    }

    func sessionEnded(_ session: Session, _ error: PostgresError, wasReady: Bool) {
        guard sessions.removeValue(forKey: session.number) != nil else { return }
        if wasReady {
            // A caller who has a connection may close it; only one that was taken away is reported.
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
            // Starting, full, and while another server is promoted none takes writes.
            isStarting: ["57P03", "53300", "25006"].contains(error.sqlState ?? ""),
            isTransient: error.isTransient,
            chance: .random(in: 0...1),
            now: ContinuousClock.now
        )
        let failures = machine.backoff.failures
        // Logged when it begins, when it changes, and about once a minute.
        if failures == 1 || isNews || failures % 15 == 0 {
            logger.warning("cannot connect to PostgreSQL", metadata: ["error": "\(error)"])
        }
    }

    /// Gives up every connection, each when its work is done, because the server has refused a write.
    func renewConnections() {
        guard machine.metReadOnly(now: ContinuousClock.now) else { return }
        logger.warning("PostgreSQL takes no writes; connecting anew, in case another server does")
        perform()
    }

    // MARK: - The end

    /// Connects if need be, and again whenever no connection is left.
    func stayConnected() {
        machine.stayConnected(now: ContinuousClock.now)
        perform()
    }

    /// Takes nothing new, finishes what there is, and closes; `completion` is resumed then.
    func shutDown(_ completion: CheckedContinuation<Void, Never>) {
        guard machine.phase != .closed else { return completion.resume() }
        shutdownWaiters.append(completion)
        if machine.shutDown() { _ = loop.after(Self.shutdownGrace) { [weak self] in self?.close() } }
        perform()
    }

    /// How long a shutdown waits for statements and transactions under way.
    static let shutdownGrace: Duration = .seconds(5)

    /// Closes everything at once and ends the loop.
    func close() {
        machine.close()
        perform()
    }
}
