/// Applies migrations on one connection while other programs work.
struct OnlineRun {
    let connection: PostgresConnection
    let sleep: @Sendable (Duration) async throws -> Void
    let progress: @Sendable (String) -> Void

    /// How long to wait for a lock, since later transactions queue behind the waiting one.
    ///
    /// Shorter than the second after which the server checks for deadlocks, so that the migration gives up first.
    static var lockTimeout: Duration { .milliseconds(200) }
    /// Tables up to this size get their indexes within the transaction, which takes milliseconds.
    private static var smallTable: Int { 1 << 20 }
    /// The time limit of a batch, which holds locks on the leads that it backfills.
    ///
    /// On a busy machine a batch of a fifth of a second can take ten times as long. The smallest batches have no limit,
    /// so that the run always progresses.
    private static var batchTimeout: Duration { .milliseconds(500) }
    /// The smallest batch, in leads.
    private static var smallestBatch: Int32 { 20 }
    /// The number of attempts to get a lock; with the pauses between, about four minutes.
    private static var tries: Int { 60 }

    /// Prepares the session, and takes the migration lock for as long as it lasts.
    ///
    /// - Parameter withoutTriggers: whether batches leave out the triggers of the installation. The steps of a migration
    ///   look at the setting; the right to do so is tried here, before anything is changed.
    /// - Throws: `PostgresError`; `MigrationError` if the lock is held by another run.
    func open(withoutTriggers: Bool) async throws {
        if withoutTriggers {
            _ = try await connection.simple(
                """
                SET session_replication_role = replica; SET session_replication_role = origin;
                SET switchyard.without_triggers = 'on'
                """
            )
        }
        _ = try await connection.simple(
            """
            SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET client_min_messages = 'warning';
            SET lock_timeout = '\(Self.lockTimeout.postgresMilliseconds)'; SET client_connection_check_interval = '2s'
            """
        )
        for attempt in 0... {
            if try await MigrationLedger.tryLockSession(connection) { return }
            if attempt == 4 { progress("Another node is migrating this database; waiting for it …") }
            guard attempt < 2400 else { throw MigrationError(code: .busy, migration: "", cause: nil) }
            try await sleep(.milliseconds(250))
        }
    }

    /// Applies one migration: the steps before it, the migration, the steps after it, and the ledger.
    func apply(_ migration: Migration) async throws {
        do {
            let steps = OnlineSteps(migration.online)
            for step in steps.before { try await carryOut(step, migration) }
            let text = migration.text(without: steps.leftOut)
            var statements: [Substring] = []
            var late: [(IndexStatement, BigTable)] = []
            for statement in SQLText(text).statements {
                if let index = IndexStatement(statement), let table = try await bigTable(index.table) {
                    if try await makeIndex(index, table) { continue }
                    late.append((index, table))
                } else {
                    statements.append(statement)
                }
            }
            progress("  \(migration.label): in one short transaction")
            let sql = statements.joined(separator: ";\n") + ";\n" + steps.with
            let tables = try await existingTables(SQLText.tables(in: sql))
            try await short {
                try await lock(tables)
                _ = try await connection.simple(sql)
            }
            for (index, table) in late where try await !makeIndex(index, table) {
                // The index's table is still missing: the server's error names it.
                try await short(index.sql)
            }
            for step in steps.after { try await carryOut(step, migration) }
            try await short { try await MigrationLedger.record(migration, connection) }
        } catch let error as PostgresError where error.code == .server {
            throw MigrationError(code: .stopped, migration: migration.label, cause: error)
        }
    }

    private func carryOut(_ step: OnlineSteps.Step, _ migration: Migration) async throws {
        if step.kind != .section { progress("  \(step.title) …") }
        switch step.kind {
        case .short: try await short(step.sql)
        case .section:
            guard let section = migration.sections.first(where: { $0.title.hasPrefix(step.title) }) else {
                preconditionFailure("supabase/online: \(migration.label) has no section “\(step.title)”")
            }
            try await short(section.sql)
        case .alone: try await alone(step.sql)
        case .index:
            guard let index = SQLText(step.sql).statements.first.flatMap({ IndexStatement($0) }) else {
                preconditionFailure("supabase/online: no index: \(step.title)")
            }
            guard try await makeIndex(index, .whole) else { return try await alone(index.concurrently) }
        case .repeat: try await repeatBatches(step.sql)
        case .migration: break
        }
    }

    // MARK: Transactions

    /// Locks the tables of a transaction before it changes anything, so that it never waits for a lock while other
    /// transactions wait for it.
    private func lock(_ tables: [String]) async throws {
        guard !tables.isEmpty else { return }
        _ = try await connection.simple(
            "SET LOCAL statement_timeout = '\((Self.lockTimeout * 2).postgresMilliseconds)'"
        )
        _ = try await connection.simple("LOCK TABLE \(tables.joined(separator: ", ")) IN ACCESS EXCLUSIVE MODE")
        _ = try await connection.simple("SET LOCAL statement_timeout = 0")
    }

    private func existingTables(_ names: [String]) async throws -> [String] {
        var parameters = Parameters()
        parameters.append(array: names)
        return try await connection.query(OnlineCatalog.tables, parameters).map { try $0.string(0) }
    }

    /// Runs a transaction, and tries again if a lock is not available.
    private func short(_ sql: String) async throws {
        try await short { _ = try await connection.simple(sql) }
    }

    private func short(_ body: () async throws -> Void) async throws {
        for attempt in 1... {
            do {
                _ = try await connection.simple("BEGIN")
                try await body()
                // Undoes session settings of the file.
                _ = try await connection.simple(
                    "COMMIT; SET lock_timeout = '\(Self.lockTimeout.postgresMilliseconds)'; SET client_min_messages = 'warning'"
                )
                return
            } catch let error as PostgresError where error.meetsLock && attempt < Self.tries {
                _ = try await connection.simple("ROLLBACK")
                try await pause(attempt)
            } catch {
                _ = try? await connection.simple("ROLLBACK")
                throw error
            }
        }
    }

    /// Runs a statement outside a transaction without a lock timeout, because no transaction waits behind it.
    private func alone(_ sql: String) async throws {
        for attempt in 1... {
            do throws(PostgresError) {
                _ = try await connection.simple("SET lock_timeout = 0")
                _ = try await connection.simple(sql)
                _ = try await connection.simple("SET lock_timeout = '\(Self.lockTimeout.postgresMilliseconds)'")
                return
            } catch {
                guard error.meetsLock, attempt < Self.tries else { throw error }
                try await pause(attempt)
            }
        }
    }

    private func pause(_ attempt: Int) async throws {
        if attempt == 5 { progress("  … another transaction holds a lock; waiting for it to end") }
        try await sleep(.milliseconds(min(4000, 50 << min(attempt, 8)) + .random(in: 0..<50)))
    }

    // MARK: Batches

    /// Repeats a statement until it reports that it is done, with batches that take about a fifth of a second.
    private func repeatBatches(_ sql: String) async throws {
        var limit: Int32 = 200
        var bound: Duration?
        var done: Int64 = 0
        var attempt = 0
        let start = ContinuousClock.now
        var reportedAt = start
        while true {
            var parameters = Parameters()
            parameters.append(limit)
            let wanted = limit > Self.smallestBatch ? Self.batchTimeout : .zero
            if wanted != bound {
                _ = try await connection.simple("SET statement_timeout = '\(wanted.postgresMilliseconds)'")
                bound = wanted
            }
            let began = ContinuousClock.now
            do {
                guard let row = try await connection.query(Statement("", sql), parameters).first else { break }
                attempt = 0
                done += try row.int64(0)
                let took = ContinuousClock.now - began
                if took > .milliseconds(300) { limit = max(Self.smallestBatch, limit / 2) }
                if took < .milliseconds(100) { limit = min(4000, limit * 2) }
                let isDone = try row.bool(1)
                if isDone || ContinuousClock.now - reportedAt >= .seconds(5) {
                    reportedAt = .now
                    let total = try row.int64IfPresent(2).map { " of about \($0)" } ?? ""
                    let seconds = max(1, (reportedAt - start).components.seconds)
                    progress("    \(done)\(isDone ? "" : total), \(done / seconds) a second")
                }
                if isDone { break }
                // Pauses for a tenth of the batch's time, so that other sessions make progress even on one processor.
                try await sleep(took / 10)
            } catch let error as PostgresError where error.meetsLock && attempt < Self.tries {
                attempt += 1
                limit = max(Self.smallestBatch, limit / 2)
                try await pause(attempt)
            }
        }
        _ = try await connection.simple("SET statement_timeout = 0")
    }

    // MARK: Indexes

    /// A table whose indexes are built concurrently.
    enum BigTable {
        case whole
        case partitions([String])
    }

    private func bigTable(_ name: String) async throws -> BigTable? {
        var parameters = Parameters()
        parameters.append(name)
        let rows = try await connection.query(OnlineCatalog.leaves, parameters)
        let leaves = try rows.map { (name: try $0.string(0), size: try $0.int64(1), isPartition: try $0.bool(2)) }
        guard let first = leaves.first, leaves.reduce(0, { $0 + $1.size }) > Self.smallTable else { return nil }
        return first.isPartition ? .partitions(leaves.map(\.name)) : .whole
    }

    /// Builds an index while others write; false if its table or columns do not exist yet.
    private func makeIndex(_ index: IndexStatement, _ table: BigTable) async throws -> Bool {
        do {
            if try await isValid(index.name, index.table) { return true }
            switch table {
            case .whole:
                progress("  Building \(index.name) …")
                try await alone(index.concurrently)
            case .partitions(let partitions):
                for partition in partitions {
                    let part = index.concurrently(onPartition: partition)
                    if try await isValid(part.name, partition) { continue }
                    progress("  Building \(part.name) …")
                    try await alone(part.sql)
                }
                // Attaches the indexes of the partitions.
                try await short(index.sql)
            }
            return true
        } catch let error as PostgresError where error.namesWhatIsMissing {
            return false
        }
    }

    /// Whether the index exists; an invalid one of an interrupted run is dropped.
    private func isValid(_ name: String, _ table: String) async throws -> Bool {
        var parameters = Parameters()
        parameters.append(name)
        parameters.append(table)
        guard let row = try await connection.query(OnlineCatalog.index, parameters).first else { return false }
        if try row.bool(0) { return true }
        try await alone("DROP INDEX CONCURRENTLY IF EXISTS \(row.string(1))")
        return false
    }
}

/// The catalogue queries of an online run.
enum OnlineCatalog {
    static let leaves = Statement(
        "",
        """
        SELECT t.relid::regclass::text, pg_catalog.pg_relation_size(t.relid), t.parentrelid IS NOT NULL
        FROM pg_catalog.pg_partition_tree(to_regclass($1::text)) t
        WHERE t.isleaf
        UNION ALL
        SELECT c.oid::regclass::text, pg_catalog.pg_relation_size(c.oid), false
        FROM pg_catalog.pg_class c
        WHERE c.oid = to_regclass($1::text) AND c.relkind = 'r' AND NOT c.relispartition
        """
    )
    // The largest first: nothing else is locked while the run waits for it.
    static let tables = Statement(
        "",
        """
        SELECT c.oid::regclass::text
        FROM unnest($1::text[]) AS n (name) JOIN pg_catalog.pg_class c ON c.oid = to_regclass(n.name)
        WHERE c.relkind IN ('r', 'p')
        ORDER BY pg_catalog.pg_relation_size(c.oid) DESC, n.name
        """
    )
    static let index = Statement(
        "",
        """
        SELECT i.indisvalid, i.indexrelid::regclass::text
        FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
        WHERE c.relname = $1::text AND i.indrelid = to_regclass($2::text)
        """
    )
}

extension PostgresError {
    /// A lock timeout or a deadlock.
    fileprivate var meetsLock: Bool { sqlState.map { ["55P03", "57014", "40P01", "40001"].contains($0) } ?? false }
    /// A missing column, table, type or function.
    fileprivate var namesWhatIsMissing: Bool {
        sqlState.map { ["42703", "42P01", "42704", "42883"].contains($0) } ?? false
    }
}
