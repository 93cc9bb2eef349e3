import LeadStore
import Postgres
import Synchronization
import TestDatabase
import Testing

@Suite("Migrator")
struct MigratorTests {
    private static let first = Migration(
        version: "20000101000001",
        name: "first",
        sql: "CREATE TABLE IF NOT EXISTS one (n int); INSERT INTO one VALUES (1);",
        rollback: "DROP TABLE one;"
    )
    private static let second = Migration(
        version: "20000101000002",
        name: "second",
        sql: "CREATE TABLE IF NOT EXISTS two (n int);",
        rollback: "DROP TABLE IF EXISTS two;"
    )

    private func count(_ pool: PostgresPool, _ sql: String) async throws -> Int64 {
        try await pool.query(Statement("", sql)).first?.int64(0) ?? -1
    }

    @Test("Applied migrations are not applied again")
    func upIsIdempotent() async throws {
        try await withEmptyDatabase { database in
            let migrator = Migrator(migrations: [Self.second, Self.first], pool: database.pool)
            #expect(try await migrator.plan().map(\.name) == ["first", "second"])
            #expect(try await migrator.status().map(\.isApplied) == [false, false])
            #expect(try await migrator.up().map(\.name) == ["first", "second"])
            #expect(try await migrator.up().isEmpty)
            #expect(try await count(database.pool, "SELECT count(*) FROM one") == 1)
            let states = try await migrator.status()
            #expect(states.map(\.isApplied) == [true, true])
            #expect(states.map(\.isChanged) == [false, false])
        }
    }

    @Test("Of many nodes, one applies each migration once")
    func concurrentNodesApplyOnce() async throws {
        try await withEmptyDatabase(connections: 16) { database in
            let applied = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        try await Migrator(migrations: [Self.first, Self.second], pool: database.pool).up().count
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(applied == 2)
            #expect(try await count(database.pool, "SELECT count(*) FROM one") == 1)
        }
    }

    @Test("A failed migration leaves nothing and is named")
    func failedMigrationLeavesNothing() async throws {
        try await withEmptyDatabase { database in
            let broken = Migration(
                version: "20000101000003",
                name: "broken",
                sql: "CREATE TABLE half (n int); SELECT 1 / 0;",
                rollback: nil
            )
            let migrator = Migrator(migrations: [Self.first, broken], pool: database.pool)
            let error = await #expect(throws: MigrationError.self) { try await migrator.up() }
            #expect(error?.migration == "20000101000003 broken")
            #expect(error?.cause?.sqlState == "22012")
            #expect(try await count(database.pool, "SELECT count(*) FROM pg_class WHERE relname = 'half'") == 0)
            let states = try await migrator.status()
            #expect(states.map(\.isApplied) == [true, false])
        }
    }

    @Test("A busy table is retried and blocks others for at most a second")
    func busyTableIsRetried() async throws {
        try await withEmptyDatabase { database in
            try await Migrator(migrations: [Self.first], pool: database.pool).up()
            let release = AsyncStream.makeStream(of: Void.self)
            let held = AsyncStream.makeStream(of: Void.self)
            let holder = Task {
                try await database.pool.withTransaction { connection in
                    _ = try await connection.simple("LOCK TABLE one")
                    held.continuation.finish()
                    for await _ in release.stream { return }
                }
            }
            for await _ in held.stream {}
            let altering = Migration(
                version: "20000101000004",
                name: "altering",
                sql: "ALTER TABLE one ADD COLUMN m int",
                rollback: nil
            )
            let waits = Mutex<[Duration]>([])
            let migrator = Migrator(migrations: [Self.first, altering], pool: database.pool) { _ in
                []
            } sleep: { duration in
                waits.withLock { $0.append(duration) }
                release.continuation.finish()
                _ = await holder.result
            }
            #expect(try await migrator.up().map(\.name) == ["altering"])
            #expect(waits.withLock { $0 } == [.milliseconds(250)])
        }
    }

    @Test("down reverts newest first to the given version; up applies again")
    func downRevertsNewestFirst() async throws {
        try await withEmptyDatabase { database in
            let migrator = Migrator(migrations: [Self.first, Self.second], pool: database.pool)
            try await migrator.up()
            #expect(try await migrator.down(to: Self.first.version).map(\.name) == ["second"])
            #expect(try await migrator.status().map(\.isApplied) == [true, false])
            #expect(try await migrator.up().map(\.name) == ["second"])
            #expect(try await migrator.down(to: "0").map(\.name) == ["second", "first"])
            #expect(
                try await count(database.pool, "SELECT count(*) FROM pg_class WHERE relname IN ('one', 'two')") == 0
            )
        }
    }

    @Test("A missing rollback prevents down")
    func missingRollbackPreventsDown() async throws {
        try await withEmptyDatabase { database in
            let last = Migration(version: "20000101000005", name: "last", sql: "SELECT 1", rollback: nil)
            let migrator = Migrator(migrations: [Self.first, last], pool: database.pool)
            try await migrator.up()
            let error = await #expect(throws: MigrationError.self) { try await migrator.down(to: "0") }
            #expect(error?.code == .noRollback)
            let states = try await migrator.status()
            #expect(states.map(\.isApplied) == [true, true])
        }
    }

    @Test("what is gone is brought back with everything after it")
    func gone() async throws {
        try await withEmptyDatabase { database in
            try await Migrator(migrations: [Self.first, Self.second], pool: database.pool).up()
            _ = try await database.pool.simple("DROP TABLE one")
            let migrator = Migrator(migrations: [Self.first, Self.second], pool: database.pool) { pool in
                let isThere = try await pool.query(Statement("", "SELECT to_regclass('one') IS NOT NULL")).first?
                    .bool(0)
                return isThere == true ? [] : [Self.first.version]
            }
            #expect(try await migrator.status().map(\.isGone) == [true, false])
            #expect(try await migrator.up().map(\.name) == ["first", "second"])
            #expect(try await count(database.pool, "SELECT count(*) FROM one") == 1)
            #expect(try await migrator.plan().isEmpty)
        }
    }

    @Test("A reverted migration is not reported as missing")
    func revertedMigrationIsNotReportedMissing() async throws {
        try await withEmptyDatabase { database in
            let migrator = Migrator(migrations: [Self.first, Self.second], pool: database.pool) { pool in
                let sql = "SELECT to_regclass('one') IS NOT NULL AND to_regclass('two') IS NOT NULL"
                let isWhole = try await pool.query(Statement("", sql)).first?.bool(0)
                return isWhole == true ? [] : [Self.first.version, Self.second.version]
            }
            try await migrator.up()
            try await migrator.down(to: Self.first.version)
            #expect(try await migrator.status().map(\.isGone) == [false, false])
            #expect(try await migrator.plan().map(\.name) == ["second"])
            #expect(try await migrator.up().map(\.name) == ["second"])
        }
    }

    @Test("A ledger of a newer build is accepted")
    func newerLedgerIsAccepted() async throws {
        try await withEmptyDatabase { database in
            try await Migrator(migrations: [Self.first, Self.second], pool: database.pool).up()
            let older = Migrator(migrations: [Self.first], pool: database.pool)
            #expect(try await older.up().isEmpty)
        }
    }

    @Test("a database of an unreleased version is refused, with what was found, and left as it is")
    func unreleased() async throws {
        try await withEmptyDatabase { database in
            let stranger = Migration(version: "20000101000003", name: "stranger", sql: "SELECT 3", rollback: nil)
            let newer = Migration(version: "20000101000009", name: "newer", sql: "SELECT 9", rollback: nil)
            let last = Migration(version: "20000101000005", name: "last", sql: "SELECT 5", rollback: nil)
            try await Migrator(migrations: [Self.first, Self.second, stranger, newer], pool: database.pool).up()

            let edited = Migration(version: Self.second.version, name: "second", sql: "SELECT 2", rollback: "SELECT 1")
            let found: [([Migration], String)] = [
                ([Self.first, Self.second, last], "20000101000003 stranger that this version does not have"),
                ([Self.first, edited], "20000101000002 second with another text than this version's"),
                (
                    [edited, last],
                    "20000101000001 first and 1 more that this version does not have, "
                        + "and 20000101000002 second with another text than this version's"
                ),
            ]
            for (migrations, what) in found {
                let migrator = Migrator(migrations: migrations, pool: database.pool)
                let refusals: [@Sendable () async throws -> Void] = [
                    { try await migrator.refuseUnreleased() }, { try await migrator.up() },
                    { try await migrator.upOnline() }, { _ = try await migrator.plan() },
                    { try await migrator.down(to: "0") },
                ]
                for refused in refusals {
                    let error = await #expect(throws: MigrationError.self) { try await refused() }
                    #expect(error?.code == .unreleased)
                    #expect(error?.migration == what)
                }
            }
            #expect(try await count(database.pool, "SELECT count(*) FROM switchyard.migrations") == 4)
            let states = try await Migrator(migrations: [Self.first, edited], pool: database.pool).status()
            #expect(states.map(\.isChanged) == [false, true])
            // A newer release has migrated this database, which is accepted.
            try await Migrator(migrations: [Self.first, Self.second, stranger], pool: database.pool).refuseUnreleased()
        }
    }

    @Test("Settings of a migration do not leak to other sessions")
    func migrationSettingsDoNotLeak() async throws {
        try await withEmptyDatabase(connections: 1) { database in
            let untidy = Migration(
                version: "20000101000006",
                name: "untidy",
                sql: "SET lock_timeout = '7ms'",
                rollback: nil
            )
            try await Migrator(migrations: [untidy], pool: database.pool).up()
            let row = try await database.pool.query(Statement("", "SELECT current_setting('lock_timeout')")).first
            let timeout = try #require(row).string(0)
            #expect(timeout != "7ms")
        }
    }

    @Test("The embedded files of supabase/ apply to an empty database, twice")
    func embeddedFilesApplyTwice() async throws {
        #expect(SchemaMigrations.all.map(\.version) == SchemaMigrations.all.map(\.version).sorted())
        #expect(SchemaMigrations.all.contains { $0.version == "20260131000001" && $0.name == "lead_routing_fixes" })
        try await withTestDatabase { database in
            for migration in SchemaMigrations.all { _ = try await database.pool.simple(migration.sql) }
            let migrator = Migrator(migrations: SchemaMigrations.all, pool: database.pool)
            let others = try await migrator.status().filter { !$0.isApplied || $0.isChanged }
            #expect(others == [])
        }
    }
}
