/// A connection that one caller has exclusively, inside ``PostgresPool/withConnection(isolation:_:)`` or
/// ``PostgresPool/withTransaction(isolation:_:)``; afterwards every call fails with ``PostgresError/Code/shutDown``.
package final class PostgresConnection: Sendable {
    private let engine: PoolEngine
    private let lease: Lease

    init(engine: PoolEngine, lease: Lease) {
        self.engine = engine
        self.lease = lease
    }

    /// Runs one statement.
    ///
    /// Statements that are started together are sent together and run one after the other. When the task is cancelled
    /// or the time limit passes, the server is asked to cancel the statement. The call ends when it has ended, or after
    /// five seconds with the connection abandoned.
    package func query(
        _ statement: Statement,
        _ parameters: Parameters = .init(),
        timeout: Duration? = nil
    ) async throws(PostgresError) -> Rows {
        let request = Request(
            .statement(statement, try parameters.arranged(for: statement)),
            deadline: timeout.map { ContinuousClock.now + $0 }
        )
        guard case .rows(let rows) = try await run(request) else { throw PoolEngine.shutDownError }
        return rows
    }

    /// Runs a text with any number of commands; values are returned as text.
    ///
    /// Outside a transaction, and without transaction commands in the text, all of it is one transaction.
    ///
    /// - Returns: the rows of each command, in order.
    package func simple(_ sql: String) async throws(PostgresError) -> [Rows] {
        guard case .many(let rows) = try await run(Request(.simple(sql))) else {
            throw PoolEngine.shutDownError
        }
        return rows
    }

    /// Closes the connection; the pool opens another when it needs one.
    package func close() {
        let lease = lease
        _ = engine.loop.submit {
            if lease.session.lease == lease.number { lease.session.close(Session.closedError) }
        }
    }

    private func run(_ request: Request) async throws(PostgresError) -> Request.Response {
        let engine = engine
        let lease = lease
        return try await engine.answer(to: request) { engine.submit(request, on: lease) }
    }
}
