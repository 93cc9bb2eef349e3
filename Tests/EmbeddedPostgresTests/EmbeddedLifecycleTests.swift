import FoundationEssentials
import Glibc
import Logging
import Postgres
import TestDatabase
import Testing

@testable import EmbeddedPostgres

/// Each test has its own cluster, and takes some seconds.
@Suite("Embedded PostgreSQL: life")
struct EmbeddedLifecycleTests {
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

    /// The second setting asks for a shared memory segment that no machine has.
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
        #expect(error?.code == .initialisation)
        #expect(error?.description.contains(reason) == true)
        #expect(error?.description.contains("disk full") == false)
    }

    /// A port that is taken, a missing folder of the socket, and data that may not be read; each without the reason before it.
    @Test("The error of a later start repeats the server's message")
    func startRepeatsTheReason() async throws {
        let taken = try TakenPort()
        try await withPrivateCluster { server, connection in
            await server.stop()
            let directory = String(connection.socketDirectory.dropLast("/socket".count))
            func reason(_ more: [String]) async -> String {
                var settings = ClusterSettings.throwaway
                settings.more = more
                let next = EmbeddedPostgres(directory: directory, settings: settings, logger: Self.quiet)
                let error = await #expect(throws: EmbeddedPostgresError.self) { try await next.start() }
                await next.stop()
                #expect(error?.code == .start)
                return error?.description ?? ""
            }
            let port = await reason(["listen_addresses = '127.0.0.1'", "port = \(taken.port)"])
            #expect(port.contains("could not bind IPv4 address \"127.0.0.1\": Address already in use"))
            #expect(port.contains("FATAL: could not create any TCP/IP sockets"))
            let socket = await reason(["unix_socket_directories = '/nowhere'"])
            #expect(socket.contains("FATAL: could not create lock file \"/nowhere/") && !socket.contains("TCP/IP"))
            let control = "\(directory)/data/global/pg_control"
            chmod(control, 0)
            let unreadable = await reason([])
            #expect(unreadable.contains("pg_control\": Permission denied") && !unreadable.contains("/nowhere"))
            chmod(control, 0o600)
        }
    }

    /// A port of this machine that something listens at.
    private final class TakenPort {
        let port: UInt16
        private let descriptor: Int32

        init() throws {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            self.descriptor = descriptor
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let status = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    bind(descriptor, address, length) == 0 && listen(descriptor, 1) == 0
                        ? getsockname(descriptor, address, &length) : -1
                }
            }
            port = UInt16(bigEndian: address.sin_port)
            try #require(status == 0)
        }

        deinit { close(descriptor) }
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
