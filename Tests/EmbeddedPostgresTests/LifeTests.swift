import FoundationEssentials
import Glibc
import Logging
import Postgres
import TestDatabase
import Testing

@testable import EmbeddedPostgres

/// Each test has a cluster of its own, so each takes some seconds.
@Suite("Embedded PostgreSQL: life")
struct EmbeddedLifeTests {
    private static let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    /// The answer of a server to a query of one text column.
    private func ask(_ connection: ConnectionInfo, _ sql: String) async throws -> String {
        let pool = PostgresPool(
            configuration: PostgresConfiguration(connectionString: connection.connectionString),
            maximumConnections: 1,
            logger: Self.quiet
        )
        let answer: Result<String, any Error>
        do {
            answer = .success(try await pool.query(Statement("", sql)).first?.string(0) ?? "")
        } catch {
            answer = .failure(error)
        }
        await pool.shutdown()
        return try answer.get()
    }

    @Test("The first process owns the cluster, others join it, and data survives a restart")
    func secondProcessJoinsOwner() async throws {
        try await withPrivateCluster { server, connection in
            let directory = String(connection.socketDirectory.dropLast("/socket".count))
            #expect(connection.isOurs)
            #expect(try await server.start() == connection)
            let other = EmbeddedPostgres(directory: directory, settings: .throwaway, logger: Self.quiet)
            let refusal = await #expect(throws: EmbeddedPostgresError.self) { try await other.start() }
            #expect(refusal?.code == .inUse)
            #expect(refusal?.description.contains("process \(getpid())") == true)
            let joined = try await other.startOrJoin()
            #expect(!joined.isOurs)
            #expect(joined.serverProcess == connection.serverProcess)
            await other.stop()
            #expect(try await ask(connection, "SELECT 'still here'") == "still here")

            _ = try await ask(connection, "CREATE TABLE kept AS SELECT 'yes' AS answer")
            await server.stop()
            let next = EmbeddedPostgres(directory: directory, settings: .throwaway, logger: Self.quiet)
            let again = try await next.startOrJoin()
            #expect(again.isOurs)
            #expect(try await ask(again, "SELECT answer FROM kept") == "yes")
            await next.stop()
        }
    }

    @Test("A pid file that names another program's process is ignored")
    func stalePIDFileIsIgnored() async throws {
        try await withPrivateCluster { server, connection in
            let directory = String(connection.socketDirectory.dropLast("/socket".count))
            let file = "\(directory)/data/postmaster.pid"
            let whole = try String(contentsOfFile: file, encoding: .utf8)
            await server.stop()
            let lines = whole.split(separator: "\n", omittingEmptySubsequences: false).dropFirst()
            try (["\(getpid())"] + lines.map(String.init)).joined(separator: "\n")
                .write(toFile: file, atomically: false, encoding: .utf8)
            try "\(getpid())\n"
                .write(
                    toFile: "\(connection.socketDirectory)/.s.PGSQL.5432.lock",
                    atomically: false,
                    encoding: .utf8
                )
            let next = EmbeddedPostgres(directory: directory, settings: .throwaway, logger: Self.quiet)
            #expect(try await next.start().isOurs)
            await next.stop()
        }
    }

    @Test("A killed server is restarted while the service runs")
    func killedServerIsRestarted() async throws {
        try await withPrivateCluster { server, connection in
            let running = Task { try await server.run() }
            kill(connection.serverProcess, SIGKILL)
            let directory = String(connection.socketDirectory.dropLast("/socket".count))
            let data = "\(directory)/data"
            while PostmasterFile(dataDirectory: data)
                .map({
                    $0.status != .ready || $0.process == connection.serverProcess
                }) ?? true
            {
                await Task.yield()
            }
            #expect(try await ask(connection, "SELECT 'back'") == "back")
            await server.stop()
            try await running.value
        }
    }

    @Test(
        "A first start that fails is reported with the server's reason",
        arguments: [
            ("shared_buffers = banana", "invalid value for parameter \"shared_buffers\": \"banana\""),
            ("shared_buffers = 1073741823", "could not map anonymous shared memory"),
        ]
    )
    func failedFirstStartIsReported(setting: String, reason: String) async throws {
        var settings = ClusterSettings.throwaway
        settings.more = [setting]
        let error = await #expect(throws: EmbeddedPostgresError.self) {
            try await withPrivateCluster(settings: settings) { _, _ in }
        }
        let message = error?.description ?? ""
        #expect(message.contains(reason))
        #expect(!message.contains("disk full"))
    }

    @Test("A directory with other files is refused and unchanged")
    func foreignDirectoryIsRefused() async throws {
        let directory = FileManager.default.temporaryDirectory.path + "/switchyard-foreign-\(getpid())"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try "x".write(toFile: directory + "/notes.txt", atomically: false, encoding: .utf8)
        let server = EmbeddedPostgres(directory: directory, logger: Self.quiet)
        let error = await #expect(throws: EmbeddedPostgresError.self) { try await server.start() }
        #expect(error?.code == .directory)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["notes.txt"])
    }
}
