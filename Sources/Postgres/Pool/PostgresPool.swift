package import Logging
import ServiceLifecycle

/// A limited number of connections to one database, shared by the whole process.
///
/// Connections are opened on demand, and again after a loss, so the pool need not be run. Run as a service it connects
/// at the start, logs an unreachable server, and shuts down gracefully. When a connection is lost, every statement on
/// it fails at once with ``PostgresError/Code/connectionLost``; later statements wait for a new one, at most
/// `connectTimeout`, and then fail with ``PostgresError/Code/cannotConnect``.
package final class PostgresPool: Sendable, Service {
    let engine: PoolEngine

    /// Runs tasks on the thread on which answers arrive: for work of less than a millisecond between two statements.
    package let executor: any TaskExecutor

    /// A pool; nothing is connected yet.
    ///
    /// - Parameters:
    ///   - configuration: how to reach the database.
    ///   - maximumConnections: how many connections there are at most. Up to four of them, and at most half, are
    ///     shared by single statements; all but one can be lent for transactions.
    ///   - maximumWaiters: how many callers may wait before others are refused with
    ///     ``PostgresError/Code/poolExhausted``.
    ///   - logger: logs lost and restored connections, and notices by severity and code.
    package init(
        configuration: PostgresConfiguration,
        maximumConnections: Int = 8,
        maximumWaiters: Int = 1024,
        logger: Logger
    ) {
        engine = PoolEngine(
            configuration: configuration,
            maximumConnections: maximumConnections,
            maximumWaiters: maximumWaiters,
            logger: logger
        )
        executor = LoopExecutor(engine.loop)
    }

    deinit {
        let engine = engine
        _ = engine.loop.submit { engine.close() }
    }

    /// Runs one statement in its own transaction, pipelined with those of others.
    ///
    /// Costs one round trip, shared with other statements. When the task is cancelled or the time limit passes, the
    /// server is asked to cancel the statement if it is at the head of its connection's pipeline, and the call ends
    /// when the statement has ended. Further back it is abandoned: it still runs, bounded by `statement_timeout`. In
    /// both cases it may have taken effect. A statement is resent if the cancellation of another one hit it, or if the
    /// server no longer has its prepared form.
    package func query(
        _ statement: Statement,
        _ parameters: Parameters = .init(),
        timeout: Duration? = nil
    ) async throws(PostgresError) -> Rows {
        let request = Request(
            .statement(statement, try parameters.arranged(for: statement)),
            deadline: timeout.map { ContinuousClock.now + $0 }
        )
        let engine = engine
        let response = try await engine.answer(to: request) { engine.submit(request) }
        guard case .rows(let rows) = response else { throw PoolEngine.shutDownError }
        return rows
    }

    /// Runs a text with any number of commands on its own connection; values are returned as text.
    ///
    /// Without transaction commands in the text, all of it is one transaction. No parameters: never put a value into
    /// the text.
    ///
    /// - Returns: the rows of each command, in order.
    package func simple(_ sql: String) async throws(PostgresError) -> [Rows] {
        let lease = try await engine.lease()
        let connection = PostgresConnection(engine: engine, lease: lease)
        do throws(PostgresError) {
            let rows = try await connection.simple(sql)
            engine.release(lease)
            return rows
        } catch {
            engine.release(lease)
            throw error
        }
    }

    /// Lends a connection for as long as `body` runs.
    ///
    /// When it is released, `DISCARD ALL` removes settings, advisory locks and temporary tables, and an open
    /// transaction is rolled back.
    package func withConnection<T: Sendable>(
        isolation: isolated (any Actor)? = #isolation,
        _ body: (PostgresConnection) async throws -> T
    ) async throws -> T {
        let lease = try await engine.lease()
        defer { engine.release(lease) }
        return try await body(PostgresConnection(engine: engine, lease: lease))
    }

    /// Runs `body` between BEGIN and COMMIT, and rolls back if it throws.
    ///
    /// BEGIN is sent with the first statement; without a statement nothing is sent. Throws
    /// ``PostgresError/Code/connectionLost`` if the connection ended before COMMIT was answered: the result is then
    /// unknown. A transaction that failed though `body` did not throw is an error (25P02), since it was rolled back.
    /// Only `SET LOCAL` may be used inside: the next caller gets the connection without a reset.
    package func withTransaction<T: Sendable>(
        isolation: isolated (any Actor)? = #isolation,
        _ body: (PostgresConnection) async throws -> T
    ) async throws -> T {
        let lease = try await engine.lease()
        engine.startTransaction(lease)
        do {
            let value = try await body(PostgresConnection(engine: engine, lease: lease))
            try await engine.commit(lease)
            engine.release(lease, isClean: true)
            return value
        } catch {
            await engine.rollBack(lease)
            engine.release(lease, isClean: true)
            throw error
        }
    }

    /// Whether the last connection went through a pooler in transaction mode.
    package func isThroughPooler() async -> Bool {
        let engine = engine
        return await withCheckedContinuation { continuation in
            if !engine.loop.submit({ continuation.resume(returning: engine.isPooled) }) {
                continuation.resume(returning: false)
            }
        }
    }

    /// Keeps a connection open until the service group shuts down, then ends like ``shutdown()``.
    package func run() async throws {
        let engine = engine
        _ = engine.loop.submit { engine.stayConnected() }
        // Throws when the task is cancelled, which ends the pool as well.
        try? await gracefulShutdown()
        await shutdown()
    }

    /// Accepts no new work, waits at most five seconds for what is running, and closes all connections.
    package func shutdown() async {
        let engine = engine
        await withCheckedContinuation { continuation in
            if !engine.loop.submit({ engine.shutDown(continuation) }) { continuation.resume() }
        }
    }
}
