import CLibPQ
import Logging

/// The listener's session on the loop, reopened whenever it ends.
final class ListenerConnection: @unchecked Sendable, SessionOwner {
    let loop = SocketLoop()
    private let configuration: PostgresConfiguration
    private let channels: [String]
    private let logger: Logger
    private let events: AsyncStream<NotificationListener.Event>.Continuation

    private var session: Session?
    private var backoff = ReconnectBackoff()
    private var hasListened = false
    private var isClosed = false

    init(
        configuration: PostgresConfiguration,
        channels: [String],
        logger: Logger,
        events: AsyncStream<NotificationListener.Event>.Continuation
    ) {
        self.configuration = configuration
        self.channels = channels
        self.logger = logger
        self.events = events
    }

    func open() {
        guard !isClosed, session == nil else { return }
        let session = Session(loop: loop, configuration: configuration, logger: logger)
        self.session = session
        session.owner = self
        session.connect()
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        session?.close(PoolEngine.shutDownError)
        session = nil
        events.finish()
        loop.stop()
    }

    func sessionIsReady(_ session: Session) {
        if session.isPooled {
            // Behind a pooler another session of the server would listen, and its notifications would not reach this
            // client.
            logger.notice("the pooler does not forward notifications; polling instead")
            return close()
        }
        let sql = channels.map { "LISTEN \"\($0.replacing("\"", with: "\"\""))\"" }
            .joined(
                separator: ";"
            )
        session.send(
            Request(internal: .simple(sql)) { [weak self, weak session] outcome in
                guard let self, let session else { return }
                guard case .success = outcome else { return session.lose() }
                backoff.succeeded()
                events.yield(hasListened ? .reconnected : .listening)
                hasListened = true
                if configuration.wantsWritableHost { lookAround(session) }
            }
        )
    }

    /// How often a server among several hosts is queried, because it reports a change to read-only only with an answer;
    /// see ``sessionHeard(_:)``.
    private static let lookingAround: Duration = .seconds(5)

    private func lookAround(_ session: Session) {
        _ = loop.after(Self.lookingAround) { [weak self, weak session] in
            guard let self, let session, session === self.session else { return }
            session.send(Request(internal: .simple("SELECT 1")) { _ in })
            lookAround(session)
        }
    }

    func sessionEnded(_ session: Session, _ error: PostgresError, wasReady: Bool) {
        guard !isClosed else { return }
        self.session = nil
        let delay = backoff.failed()
        if backoff.failures == 1 {
            logger.warning(
                "the connection that listens to PostgreSQL ended",
                metadata: ["error": "\(error)"]
            )
        }
        _ = loop.after(delay) { [weak self] in self?.open() }
    }

    func sessionHeard(_ session: Session) {
        // The server that accepts writes sends the notifications; among several hosts that is another one now.
        if configuration.wantsWritableHost, session.isOnReadOnlyServer { session.lose() }
    }

    func session(_ session: Session, notified notification: Notification) {
        events.yield(.notification(notification))
    }
}
