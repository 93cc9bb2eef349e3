import CLibPQ
import DequeModule
import Logging

/// Receives the events of a session, on the loop's thread.
protocol SessionOwner: AnyObject {
    /// The session is connected, set up and ready for requests.
    func sessionIsReady(_ session: Session)
    /// The session has ended with `error`; its requests have been answered already.
    func sessionEnded(_ session: Session, _ error: PostgresError, wasReady: Bool)
    /// A request has been answered, or the session can take requests again.
    func sessionProgressed(_ session: Session)
    /// A request failed because of another one and may be resent once.
    func session(_ session: Session, returns request: Request)
    /// NOTIFY arrived.
    func session(_ session: Session, notified notification: Notification)
    /// The server sent something that no request asked for, such as a changed setting.
    func sessionHeard(_ session: Session)
}

extension SessionOwner {
    func sessionProgressed(_ session: Session) {}
    func session(_ session: Session, returns request: Request) { request.answer(request.outcome) }
    func session(_ session: Session, notified notification: Notification) {}
    func sessionHeard(_ session: Session) {}
}

/// One connection to the server, from connecting to closing.
///
/// Confined to its loop. Requests are pipelined, each as its own sync unit, so that one that fails does not affect the
/// others. A simple request has the connection alone, outside pipeline mode.
final class Session: @unchecked Sendable {
    enum State { case connecting, ready, closed }

    let loop: SocketLoop
    let configuration: PostgresConfiguration
    let logger: Logger
    weak var owner: (any SessionOwner)?

    var state = State.connecting
    var connection: OpaquePointer?
    var token: UInt64?
    /// Sent and not answered, in the order of sending.
    var pending: Deque<Request> = []
    /// Waiting for a simple request or a cancellation to end.
    var backlog: Deque<Request> = []
    var prepared = PreparedStatements()
    var isPipelining = true
    /// Whether transactions may meet different sessions of the server; see `SessionSetup`.
    var isPooled = false
    /// The server's process id, as the server or pooler reported it.
    var processID: Int32 = 0
    var isChanged = false
    var wantsWriting = false

    /// Whether requests of unrelated callers are on this connection, each its own transaction.
    var isShared = false
    /// Whether it is lent for a transaction that the pool manages.
    var isInTransaction = false
    /// Whether `statement_timeout` is the pool's: a borrower of the session may have changed it.
    var isLimitedByServer: Bool { !isLent || isInTransaction }
    /// Whether BEGIN must be sent ahead of the next statement.
    var beginsTransaction = false
    /// Identifies the caller who has it exclusively; 0 for none.
    var lease: UInt64 = 0
    /// Whether the server has refused a write because it is read-only; cleared once the pool has handled it.
    var hasMetReadOnly = false
    /// Its number in the pool.
    var number = 0
    /// Whether one caller has it exclusively.
    var isLent = false

    /// Whether a cancel request is being sent; nothing else is sent meanwhile, so that it cancels nothing else.
    var isCancelling = false
    /// The request that is being cancelled, until it has ended or is abandoned.
    var cancelTarget: Request?
    /// How many of the pending requests a cancel request may have hit by mistake.
    var exposed = 0
    /// When something last arrived.
    var receivedAt = ContinuousClock.now
    /// Since when the first of the pending requests has been the first.
    var headSince = ContinuousClock.now
    var silenceTimer: TimerList.Token?
    var connectTimer: TimerList.Token?

    init(loop: SocketLoop, configuration: PostgresConfiguration, logger: Logger) {
        self.loop = loop
        self.configuration = configuration
        self.logger = logger
    }

    /// Whether a request would be sent at once.
    var canSend: Bool { state == .ready && !isHeld && isPipelining && backlog.isEmpty }

    /// Whether a cancellation holds back new requests.
    var isHeld: Bool { isCancelling || cancelTarget != nil }

    /// Whether the session has no work.
    var isQuiet: Bool { pending.isEmpty && backlog.isEmpty && !isCancelling }

    /// Whether the server reported that it is a standby or read-only.
    var isOnReadOnlyServer: Bool {
        isOn("in_hot_standby") || isOn("default_transaction_read_only")
    }

    private func isOn(_ parameter: String) -> Bool {
        connection.flatMap { PQparameterStatus($0, parameter) }.map { String(cString: $0) } == "on"
    }

    /// The state of the transaction, as the server's last answer reported it.
    var transactionStatus: PGTransactionStatusType {
        connection.map { PQtransactionStatus($0) } ?? PQTRANS_UNKNOWN
    }

    /// Sends a request, or queues it until the connection is free.
    func send(_ request: Request) {
        guard state == .ready else { return request.answer(.failure(Self.closedError)) }
        request.session = self
        backlog.append(request)
        pump()
    }

    /// Sends what can be sent.
    func pump() {
        while state == .ready, !isHeld, isPipelining, let next = backlog.first {
            if case .simple = next.content, !pending.isEmpty { return }
            backlog.removeFirst()
            if !next.isAnswered { transmit(next) }
        }
    }

    /// Ends the session and answers everything on it.
    func close(_ error: PostgresError) {
        guard state != .closed else { return }
        let wasReady = state == .ready
        state = .closed
        loop.cancel(connectTimer)
        loop.cancel(silenceTimer)
        if let connection {
            if let token { loop.unwatch(PQsocket(connection), token: token) }
            PQfinish(connection)
        }
        connection = nil
        let requests = [Array(pending), Array(backlog)].joined()
        pending = []
        backlog = []
        cancelTarget = nil
        for request in requests {
            request.answer(.failure(request.error ?? request.interruption ?? error))
        }
        owner?.sessionEnded(self, error, wasReady: wasReady)
    }

    static let closedError = PostgresError(
        .connectionLost,
        sqlState: "08003",
        "The connection is closed."
    )

    /// Closes the session with libpq's error about the broken connection; its text holds no values.
    func lose() {
        close(
            PostgresError(
                .connectionLost,
                sqlState: "08006",
                "The connection to PostgreSQL was lost; whether the statement took effect is unknown."
            )
        )
    }
}
