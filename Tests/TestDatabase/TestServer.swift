import EmbeddedPostgres
import LeadStore
import Logging
import Postgres
import Synchronization

/// The cluster that all tests of this process share: an embedded one, or the one that TEST_DATABASE_URL names.
actor TestServer {
    /// How many test databases may be open at once: each has some connections, and the cluster has 200.
    static let gate = Gate(width: 8)

    private static let starting = Task { try await TestServer() }

    /// The server, started on first use.
    static func shared() async throws -> TestServer { try await starting.value }

    /// The template of a database.
    enum Origin: Sendable {
        case migrated, empty
    }

    private nonisolated let address: ServerAddress
    private let administration: PostgresPool
    private let embedded: EmbeddedPostgres?
    private var migrating: Task<String, any Error>?
    private var count = 0

    private init() async throws {
        if let address = try ServerAddress.fromEnvironment() {
            self.address = address
            embedded = nil
        } else {
            let directory = ThrowawayDirectory.claim()
            let server = EmbeddedPostgres(directory: directory, settings: .throwaway, logger: Self.logger)
            ThrowawayDirectory.removeAtExit(directory)
            // Tests take rights away, end sessions and change settings, as a superuser may.
            address = ServerAddress(try await server.start().connectionString(role: ConnectionInfo.administrator))
            embedded = server
        }
        administration = Self.pool(address.connectionString(database: "postgres"))
        if embedded == nil { try await dropStrays() }
    }

    nonisolated func connectionString(database: String) -> String { address.connectionString(database: database) }

    /// Creates a database and returns its name.
    func create(_ origin: Origin) async throws -> String {
        let template =
            switch origin {
            case .migrated: try await migratedTemplate()
            case .empty: "template0"
            }
        let name = nextName()
        try await administration.create(name, from: template, copyingFiles: embedded != nil)
        return name
    }

    /// Drops a database, and disconnects its clients.
    func drop(_ name: String) async {
        _ = try? await administration.simple("DROP DATABASE IF EXISTS \(name) WITH (FORCE)")
    }

    private func migratedTemplate() async throws -> String {
        let task = migrating ?? Task { try await makeTemplate() }
        migrating = task
        return try await task.value
    }

    private func makeTemplate() async throws -> String {
        let name = nextName() + "_template"
        try await administration.create(name, from: "template0", copyingFiles: embedded != nil)
        let pool = Self.pool(connectionString(database: name))
        do {
            try await Migrator(migrations: SchemaMigrations.all, pool: pool).up()
            await pool.shutdown()
        } catch {
            await pool.shutdown()
            await drop(name)
            throw error
        }
        return name
    }

    private func nextName() -> String {
        count += 1
        return "switchyard_test_\(ThrowawayDirectory.process)_\(count)"
    }

    /// Databases that killed test processes of this machine left behind, and on exit the templates.
    private func dropStrays() async throws {
        let names = try await administration.query(.init("", "SELECT datname::text FROM pg_database"))
        for name in try names.map({ try $0.string(0) }) where name.hasPrefix("switchyard_test_") {
            guard let process = Int32(name.split(separator: "_").dropFirst(2).first ?? ""),
                !ThrowawayDirectory.isRunning(process)
            else { continue }
            await drop(name)
        }
    }

    private static func pool(_ connectionString: String) -> PostgresPool {
        PostgresPool(
            configuration: PostgresConfiguration(
                connectionString: connectionString,
                applicationName: "switchyard tests"
            ),
            maximumConnections: 2,
            logger: logger
        )
    }

    private static var logger: Logger { Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }) }
}

extension PostgresPool {
    /// Creates a database from a template without connections.
    ///
    /// Copying files takes half the time of logging the copy, since checkpoints cost nothing here (fsync off).
    fileprivate func create(_ name: String, from template: String, copyingFiles: Bool) async throws {
        let strategy = copyingFiles ? "file_copy" : "wal_log"
        _ = try await simple("CREATE DATABASE \(name) TEMPLATE \(template) STRATEGY \(strategy)")
    }
}
