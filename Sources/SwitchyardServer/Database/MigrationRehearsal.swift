import EmbeddedPostgres
import FoundationEssentials
import LeadRouting
package import LeadStore
import Postgres
import RoutingRules
import Synchronization

/// A migration of a copy of the database, as `migrate up --online` would do it: the database itself is only read.
package struct MigrationRehearsal {
    /// The copy that was made.
    package struct Copy: Sendable {
        /// The database that was copied, and the copy.
        package let original, name: String
        /// The size of the original, in bytes.
        package let size: Int64
        /// How long the copying took.
        package let time: Duration
        /// How it was copied.
        package let method: String
    }

    /// What the migration of the copy did.
    package struct Report: Sendable {
        /// Each step, and how long it took.
        package let steps: [(name: String, time: Duration)]
        /// How many migrations were applied.
        package let appliedCount: Int
        /// How long they took together.
        package let time: Duration
        /// Which locks stopped other programs, and how long.
        package let locks: LockSamples
        /// What was changed in tables.
        package let changes: [TableChanges]
        /// The size of the copy at the end, in bytes.
        package let size: Int64
        /// The checks of the schema that the copy fails.
        package let brokenChecks: [SchemaCheck]
    }

    private let session: DatabaseSession
    private let keepsCopy: Bool

    /// A rehearsal over an open database; it closes the session's connections.
    ///
    /// - Parameters:
    ///   - session: the database.
    ///   - keepsCopy: whether the copy stays for inspection.
    package init(_ session: DatabaseSession, keepsCopy: Bool) {
        self.session = session
        self.keepsCopy = keepsCopy
    }

    /// Makes the copy, migrates it and drops it.
    ///
    /// - Parameters:
    ///   - onCopy: called when the copy is there.
    ///   - onReport: called when it is migrated.
    /// - Throws: `CommandError` if the user may not create databases; `PostgresError`, if the database fails.
    package func run(onCopy: (Copy) -> Void, onReport: (Report) -> Void) async throws {
        let facts = try await session.stores.schema.databaseFacts()
        guard facts.mayCreateDatabases else {
            throw CommandError(
                "The database user may not create databases, so no copy can be made.",
                remedy:
                    "ALTER ROLE … CREATEDB, or rehearse on a restored backup: DATABASE_URL=… switchyard migrate up --online."
            )
        }
        let name = "switchyard_rehearsal_\(UUID.new().text.prefix(13).filter { $0 != "-" })"
        // PostgreSQL copies a database by template only while no client is connected to it.
        await session.pool.shutdown()
        let server = pool("postgres")
        let schema = Stores(pool: server).schema
        do {
            onCopy(try await copy(facts.name, as: name, size: facts.size, schema))
            onReport(try await migrate(name))
        } catch {
            if !keepsCopy { try? await schema.dropDatabase(name) }
            await server.shutdown()
            throw error
        }
        if !keepsCopy { try await schema.dropDatabase(name) }
        await server.shutdown()
    }

    private func copy(_ original: String, as name: String, size: Int64, _ schema: SchemaStore) async throws -> Copy {
        let start = ContinuousClock.now
        let method: String
        do {
            try await schema.makeDatabase(name, from: original)
            method = "by template"
        } catch let error as PostgresError where error.sqlState == "55006" {
            try await schema.makeDatabase(name, from: nil)
            try await DatabaseDump(from: session.connectionString, to: session.connectionString(toDatabase: name))
                .copy()
            method = "by pg_dump and pg_restore, because others are connected to it"
        }
        return Copy(original: original, name: name, size: size, time: .now - start, method: method)
    }

    private func migrate(_ copy: String) async throws -> Report {
        let pool = pool(copy)
        do {
            let report = try await migrate(pool)
            await pool.shutdown()
            return report
        } catch {
            await pool.shutdown()
            throw error
        }
    }

    private func migrate(_ pool: PostgresPool) async throws -> Report {
        let terminal = session.terminal
        let schema = Stores(pool: pool).schema
        // Of a copy by pg_restore, the counts have its rows too. (Only a superuser may reset them.)
        let before = try await schema.tableChanges()
        let migrator = Migrator(migrations: SchemaMigrations.all, pool: pool) { _ in
            try await schema.missingMigrations()
        }
        let lines = Mutex<[(name: String, at: ContinuousClock.Instant)]>([])
        let sampling = Task { try await LockSamples.take(schema) }
        let start = ContinuousClock.now
        let applied = try await migrator.upOnline { line in
            terminal.error(line)
            // Lines indented twice report the progress of a step.
            if !line.hasPrefix("    ") { lines.withLock { $0.append((line, .now)) } }
        }
        let end = ContinuousClock.now
        sampling.cancel()
        let locks = try await sampling.value
        let steps = lines.withLock { $0 }
        // A session reports its counts to the server shortly after its transactions.
        try await Task.sleep(for: .seconds(1))
        return Report(
            steps: zip(steps, steps.dropFirst().map(\.at) + [end]).map { ($0.name, $1 - $0.at) },
            appliedCount: applied.count,
            time: end - start,
            locks: locks,
            changes: try await schema.tableChanges().since(before),
            size: try await schema.databaseFacts().size,
            brokenChecks: try await schema.verify().filter(\.isRestorable)
        )
    }

    private func pool(_ database: String) -> PostgresPool {
        PostgresPool(
            configuration: PostgresConfiguration(
                connectionString: session.connectionString(toDatabase: database),
                applicationName: "switchyard"
            ),
            maximumConnections: 3,
            logger: session.logger
        )
    }
}
