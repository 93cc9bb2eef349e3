import Glibc
import Synchronization
import Testing

@testable import Postgres

struct LossTests {
    @Test func killedConnectionsAreReplacedUnderLoad() async throws {
        try await withTestPool { observer, name in
            let other = "\(name)-other"
            let pool = PostgresPool(
                configuration: PostgresConfiguration(
                    connectionString: try await testConnectionString(),
                    applicationName: other
                ),
                logger: quiet
            )
            let tally = Tally()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<16 {
                    group.addTask {
                        while !tally.isDone {
                            do {
                                _ = try await pool.query(Statement("load", "SELECT 1"))
                                tally.succeeded()
                            } catch {
                                tally.failed(error)
                            }
                        }
                    }
                }
                for round in 1...5 {
                    try await eventually("the load goes on") { tally.successes > round * 200 }
                    var parameters = Parameters()
                    parameters.append(other)
                    _ = try await observer.query(
                        Statement(
                            "kill",
                            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1"
                        ),
                        parameters
                    )
                }
                let before = tally.successes
                try await eventually("it recovers by itself") { tally.successes > before + 200 }
                tally.finish()
                try await group.waitForAll()
            }
            #expect(tally.errors.allSatisfy { $0.code == .connectionLost }, "\(tally.errors.prefix(3))")
            // At most the running statements: 16 tasks, 5 kills.
            #expect(tally.errors.count <= 80)
            await pool.shutdown()
        }
    }

    @Test func lossFailsPendingStatements() async throws {
        try await withTestPool(maximumConnections: 2) { pool, name in
            let tasks = (0..<10).map { _ in Task { try await pool.query(Statement("", "SELECT pg_sleep(62)")) } }
            try await withTestPool { observer, _ in
                try await eventually("it sleeps") {
                    try await sessions(observer, named: name, where: "query LIKE 'SELECT pg_sleep(62)%'") >= 1
                }
                var parameters = Parameters()
                parameters.append(name)
                let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1"
                _ = try await observer.query(Statement("", kill), parameters)
            }
            for task in tasks { await expectFault(.connectionLost) { _ = try await task.value } }
            let one = try await pool.query(Statement("", "SELECT 1")).count
            #expect(one == 1)
        }
    }

    /// A server or a network that does not answer: on a shared session and on one lent for a transaction.
    @Test func silentConnectionIsClosed() async throws {
        for inTransaction in [false, true] {
            try await withTestPool(
                maximumConnections: 2,
                configure: {
                    $0.statementTimeout = .milliseconds(100)
                    $0.silenceAllowance = .milliseconds(100)
                },
                { pool, _ in
                    let askWho = Statement("", "SELECT pg_backend_pid()")
                    var stopped: Int32 = 0
                    defer { if stopped > 0 { kill(stopped, SIGCONT) } }
                    await expectFault(.connectionLost) {
                        if inTransaction {
                            try await pool.withTransaction { connection in
                                let backend = try await connection.query(askWho)[0].int32(0)
                                kill(backend, SIGSTOP)
                                defer { kill(backend, SIGCONT) }
                                _ = try await connection.query(Statement("", "SELECT 1"))
                            }
                        } else {
                            stopped = try await pool.query(askWho)[0].int32(0)
                            kill(stopped, SIGSTOP)
                            _ = try await pool.query(Statement("", "SELECT 1"))
                        }
                    }
                    // The pool continues with another connection.
                    let answer = try await pool.query(Statement("", "SELECT 7"))[0].int32(0)
                    #expect(answer == 7)
                }
            )
        }
    }

    @Test func refusedConnectionFailsAtOnce() async throws {
        let port = try FakeServer.unusedPort()
        let pool = pool("postgresql://app:hunter2@127.0.0.1:\(port)/leads")
        let error = await expectFault(.cannotConnect, "08001") { _ = try await pool.query(Statement("", "SELECT 1")) }
        #expect(error?.message.contains("127.0.0.1 port \(port)") == true)
        #expect(error?.message.contains("Is PostgreSQL running there?") == true)
        #expect(error.map { !String(reflecting: $0).contains("hunter2") } == true)
        await expectFault(.cannotConnect) { try await pool.withTransaction { _ in } }
        await pool.shutdown()
    }

    @Test func unresponsiveServerTimesOut() async throws {
        let server = try FakeServer(.silent)
        var configuration = PostgresConfiguration(connectionString: "host=127.0.0.1 port=\(server.port) user=app")
        configuration.connectTimeout = .milliseconds(50)
        let pool = PostgresPool(configuration: configuration, logger: quiet)
        let error = await expectFault(.cannotConnect, "08001") { _ = try await pool.query(Statement("", "SELECT 1")) }
        #expect(error?.message.contains("port \(server.port) did not answer within") == true)
        await pool.shutdown()
        server.stop()
    }

    @Test func wrongPasswordIsReportedNotShown() async throws {
        let server = try FakeServer(.refusing(state: "28P01", #"password authentication failed for user "app""#))
        let pool = pool(
            "host=127.0.0.1 port=\(server.port) user=app password=hunter2 sslmode=disable gssencmode=disable"
        )
        let error = await expectFault(.cannotConnect, "28000") { _ = try await pool.query(Statement("", "SELECT 1")) }
        #expect(error?.message.contains("PGPASSFILE") == true)
        #expect(error.map { !String(reflecting: $0).contains("hunter2") } == true)
        #expect(error?.isTransient == false)
        await pool.shutdown()
        server.stop()
    }

    @Test func invalidConnectionStringFailsAtOnce() async throws {
        let pool = pool("host=db hunter2")
        let error = await expectFault(.configuration) { _ = try await pool.query(Statement("", "SELECT 1")) }
        #expect(error.map { !String(reflecting: $0).contains("hunter2") } == true)
        await pool.shutdown()
    }

    @Test func shutdownDuringConnectDoesNotWait() async throws {
        let server = try FakeServer(.silent)
        let pool = pool("host=127.0.0.1 port=\(server.port) user=app")
        let query = Task { try await pool.query(Statement("", "SELECT 1")) }
        let engine = pool.engine
        try await eventually("it connects") {
            await withCheckedContinuation { continuation in
                _ = engine.loop.submit { continuation.resume(returning: !engine.sessions.isEmpty) }
            }
        }
        await pool.shutdown()
        await expectFault(.shutDown) { _ = try await query.value }
        server.stop()
    }

    private func pool(_ text: String) -> PostgresPool {
        PostgresPool(configuration: PostgresConfiguration(connectionString: text), logger: quiet)
    }
}

/// The results of many tasks.
private final class Tally: Sendable {
    private let state = Mutex((successes: 0, errors: [PostgresError](), isDone: false))
    var successes: Int { state.withLock(\.successes) }
    var errors: [PostgresError] { state.withLock(\.errors) }
    var isDone: Bool { state.withLock(\.isDone) }
    func succeeded() { state.withLock { $0.successes += 1 } }
    func finish() { state.withLock { $0.isDone = true } }
    func failed(_ error: any Error) {
        state.withLock { state in
            state.errors.append(error as? PostgresError ?? PostgresError(.decoding, "an error of another type"))
        }
    }
}
