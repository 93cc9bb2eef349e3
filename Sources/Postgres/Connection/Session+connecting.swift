import CLibPQ
import Logging

extension Session {
    /// Connects on a thread that may block, then moves the connection to the loop and sets it up.
    func connect() {
        let configuration = configuration
        connectTimer = loop.after(configuration.connectTimeLimit) { [weak self] in
            self?.connectingTookTooLong()
        }
        let started = BlockingThreads.connecting.submit { [self] in
            let result = Connector.open(configuration)
            let accepted = loop.submit { self.takeOver(result) }
            if !accepted, case .success(let opened) = result { PQfinish(opened.pointer) }
        }
        if !started {
            close(
                PostgresError(
                    .cannotConnect,
                    sqlState: "08001",
                    "Too many connections are being opened at once."
                )
            )
        }
    }

    private func connectingTookTooLong() {
        connectTimer = nil
        guard state == .connecting else { return }
        close(configuration.noAnswer)
    }

    private func takeOver(_ result: Result<Connector.Opened, PostgresError>) {
        switch result {
        case .failure(let error):
            close(error)
        case .success(let opened):
            guard state == .connecting else { return PQfinish(opened.pointer) }
            connection = opened.pointer
            PQsetNoticeReceiver(opened.pointer, receiveNotice, Unmanaged.passUnretained(self).toOpaque())
            PQsetErrorVerbosity(opened.pointer, PQERRORS_DEFAULT)
            guard PQsetnonblocking(opened.pointer, 1) == 0, PQenterPipelineMode(opened.pointer) == 1,
                let token = loop.watch(PQsocket(opened.pointer), self)
            else {
                return close(
                    PostgresError(.cannotConnect, sqlState: "08001", "The connection could not be set up.")
                )
            }
            self.token = token
            setUp(processID: PQbackendPID(opened.pointer))
        }
    }

    private func setUp(processID: Int32) {
        self.processID = processID
        transmit(
            Request(internal: configuration.setup(processID: processID)) { [weak self] outcome in
                guard let self, state == .connecting else { return }
                switch outcome {
                case .success(let response):
                    if case .rows(let rows) = response, let row = rows.first, let isDirect = try? row.bool(0) {
                        isPooled = !isDirect
                    }
                    loop.cancel(connectTimer)
                    connectTimer = nil
                    state = .ready
                    logger.debug("connected to PostgreSQL")
                    owner?.sessionIsReady(self)
                case .failure(let error):
                    let state = error.sqlState ?? "08001"
                    close(
                        PostgresError(.cannotConnect, sqlState: state, "A new session failed: \(error.message)")
                    )
                }
            }
        )
    }

    /// Resets everything that a caller may have set.
    ///
    /// Costs one round trip and the prepared statements. Behind a pooler only an open transaction is rolled back: the
    /// session that `DISCARD ALL` would reset may belong to any client.
    func reset(_ completion: @escaping (Bool) -> Void) {
        let rollBack = Statement("", "ROLLBACK")
        if isPooled {
            guard transactionStatus != PQTRANS_IDLE else { return completion(true) }
            return send(
                Request(internal: .statement(rollBack, Parameters())) { outcome in
                    if case .success = outcome { completion(true) } else { completion(false) }
                }
            )
        }
        if transactionStatus != PQTRANS_IDLE {
            send(Request(internal: .statement(rollBack, Parameters())) { _ in })
        }
        prepared.forgetAll()
        send(Request(internal: .statement(Statement("", "DISCARD ALL"), Parameters())) { _ in })
        send(
            Request(internal: configuration.setup(processID: processID)) { outcome in
                if case .success = outcome { completion(true) } else { completion(false) }
            }
        )
    }

    /// Logs that the server sent a notice; its text may hold values, so it stays out of the log.
    func receivedNotice(severity: String, sqlState: String) {
        logger.debug("notice from PostgreSQL", metadata: ["pg.severity": "\(severity)", "pg.sqlstate": "\(sqlState)"])
    }
}

/// Called by libpq on the loop's thread, from inside a call on the session's connection.
private func receiveNotice(_ argument: UnsafeMutableRawPointer?, _ result: OpaquePointer?) {
    guard let argument else { return }
    let field = { (code: Int) in
        PQresultErrorField(result, Int32(code)).map { String(cString: $0) } ?? ""
    }
    Unmanaged<Session>.fromOpaque(argument).takeUnretainedValue()
        .receivedNotice(severity: field(SWITCHYARD_DIAG_SEVERITY), sqlState: field(SWITCHYARD_DIAG_SQLSTATE))
}

extension PostgresConfiguration {
    /// The time limit over all hosts of the connection string.
    var connectTimeLimit: Duration {
        let hosts = options["host"] ?? options["hostaddr"] ?? ""
        return connectTimeout * max(1, hosts.split(separator: ",").count)
    }

    /// The error after the time limit has passed without an answer.
    var noAnswer: PostgresError {
        let host = options["host"] ?? options["hostaddr"]
        let place =
            host.map { host in options["port"].map { " at \(host) port \($0)" } ?? " at \(host)" } ?? ""
        return PostgresError(
            .cannotConnect,
            sqlState: "08001",
            """
            PostgreSQL\(place) did not answer within \(connectTimeLimit). Is the address right, and does a firewall \
            let it through?
            """
        )
    }
}
