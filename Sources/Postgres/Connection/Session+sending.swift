import CLibPQ
import DequeModule

extension Session {
    /// Hands a request to libpq, as one sync unit or as a simple query.
    ///
    /// libpq 15 writes to the socket at each sync, so batching requests would save nothing. What the socket does not
    /// accept is written when it becomes writable.
    func transmit(_ request: Request) {
        guard let connection else { return request.answer(.failure(Self.closedError)) }
        request.session = self
        let isSent =
            switch request.content {
            case .statement(let statement, let parameters):
                transmit(statement, parameters, request, connection)
            case .simple(let sql): transmit(sql, request, connection)
            }
        guard let isSent else { return }
        if !isSent {
            // None of it reached the server, or the connection is broken and about to be closed.
            request.error = PostgresError(
                .configuration,
                "The statement could not be sent; it may have too many parameters."
            )
        }
        if PQstatus(connection) == CONNECTION_BAD {
            request.error = nil
            pending.append(request)
            return lose()
        }
        if pending.isEmpty { headSince = loop.now }
        pending.append(request)
        watchForSilence()
        noteChange()
    }

    /// True if sent, false if libpq refused, nil if the request has been answered already.
    private func transmit(
        _ statement: Statement,
        _ parameters: Parameters,
        _ request: Request,
        _ connection: OpaquePointer
    ) -> Bool? {
        var isSent = true
        if beginsTransaction {
            beginsTransaction = false
            request.preamble.insert(.begin)
            isSent = PQsendQueryParams(connection, "BEGIN", 0, nil, nil, nil, nil, 1) == 1
            if isPooled {
                for limit in configuration.transactionLimits {
                    request.limitsToCome += 1
                    isSent = isSent && PQsendQueryParams(connection, limit, 0, nil, nil, nil, nil, 1) == 1
                }
            }
        }
        let fields = parameters.fields
        switch isPooled ? .unprepared : prepared.plan(statement, fields) {
        case .unprepared:
            isSent =
                isSent
                && fields.withTypes { types in
                    parameters.withValues { values, lengths, formats in
                        PQsendQueryParams(
                            connection,
                            statement.sql,
                            Int32(fields.count),
                            types,
                            values,
                            lengths,
                            formats,
                            1
                        )
                    }
                }
        case .prepare(let name):
            request.preamble.insert(.prepare)
            isSent =
                isSent
                && fields.withTypes { PQsendPrepare(connection, name, statement.sql, Int32(fields.count), $0) == 1 }
                && run(name, parameters, connection)
        case .use(let name):
            request.usesPrepared = true
            isSent = isSent && run(name, parameters, connection)
        }
        guard PQpipelineSync(connection) == 1 else {
            lose()
            request.answer(.failure(Self.closedError))
            return nil
        }
        return isSent
    }

    private func run(_ name: String, _ parameters: Parameters, _ connection: OpaquePointer) -> Bool {
        parameters.withValues { values, lengths, formats in
            PQsendQueryPrepared(
                connection,
                name,
                Int32(parameters.fields.count),
                values,
                lengths,
                formats,
                1
            )
        }
    }

    /// A simple query leaves pipeline mode; nil if BEGIN had to be sent first and the request waits for it.
    private func transmit(_ sql: String, _ request: Request, _ connection: OpaquePointer) -> Bool? {
        if beginsTransaction {
            beginsTransaction = false
            transmit(
                Request(internal: .statement(Statement("", "BEGIN"), Parameters())) { [weak self] outcome in
                    guard case .failure(let error) = outcome else { return }
                    self?.beginsTransaction = true
                    self?.backlog.removeAll { $0 === request }
                    request.answer(.failure(error))
                }
            )
            backlog.prepend(request)
            return nil
        }
        guard PQexitPipelineMode(connection) == 1, PQsendQuery(connection, sql) == 1 else {
            PQenterPipelineMode(connection)
            request.answer(.failure(PostgresError(.configuration, "The statement could not be sent.")))
            if PQstatus(connection) == CONNECTION_BAD { lose() }
            return nil
        }
        isPipelining = false
        return true
    }

    private func noteChange() {
        guard !isChanged else { return }
        isChanged = true
        loop.noteChange(self)
    }

    /// Writes what libpq still holds, and waits for the socket if it does not take all of it.
    func flush() {
        guard let connection, let token else { return }
        let rest = PQflush(connection)
        guard rest >= 0 else { return lose() }
        if (rest == 1) != wantsWriting {
            wantsWriting = rest == 1
            loop.setWriting(wantsWriting, PQsocket(connection), token: token)
        }
    }

    /// Since when an answer is due and no data has arrived.
    private var silentSince: ContinuousClock.Instant { max(headSince, receivedAt) }

    /// Closes the connection if a statement outlasts the server's own limit by far: the server or the network is gone.
    private func watchForSilence() {
        guard isLimitedByServer, silenceTimer == nil, configuration.statementTimeout > .zero else { return }
        let limit = configuration.statementTimeout + configuration.silenceAllowance
        silenceTimer = loop.after(limit - (ContinuousClock.now - silentSince)) { [weak self] in
            guard let self else { return }
            silenceTimer = nil
            guard state == .ready, isLimitedByServer, !pending.isEmpty else { return }
            if ContinuousClock.now - silentSince >= limit { lose() } else { watchForSilence() }
        }
    }
}

extension Parameters {
    /// Passes the values to libpq by pointer; an empty value has a pointer, NULL has none.
    func withValues(
        _ body: (UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?) -> Int32
    ) -> Bool {
        let count = fields.count
        guard count > 0 else { return body(nil, nil, nil) == 1 }
        return buffer.withUnsafeBytes { bytes in
            withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: count) { values in
                withUnsafeTemporaryAllocation(of: Int32.self, capacity: count * 2) { numbers in
                    let empty = UnsafeRawPointer(numbers.baseAddress)
                    for (index, field) in fields.enumerated() {
                        let start = bytes.baseAddress.map { $0 + Int(field.start) } ?? empty
                        values[index] = field.length < 0 ? nil : start?.assumingMemoryBound(to: CChar.self)
                        numbers[index] = max(0, field.length)
                        numbers[count + index] = 1
                    }
                    return body(
                        UnsafePointer(values.baseAddress),
                        UnsafePointer(numbers.baseAddress),
                        numbers.baseAddress.map { UnsafePointer($0 + count) }
                    ) == 1
                }
            }
        }
    }
}

extension [Parameters.Field] {
    fileprivate func withTypes(_ body: (UnsafePointer<Oid>?) -> Bool) -> Bool {
        guard !isEmpty else { return body(nil) }
        return withUnsafeTemporaryAllocation(of: Oid.self, capacity: count) { types in
            for (index, field) in enumerated() { types[index] = field.type }
            return body(UnsafePointer(types.baseAddress))
        }
    }
}
