/// The table of applied migrations, `switchyard.migrations`.
///
/// The one place outside the store that holds SQL: the ledger exists before any migration.
enum MigrationLedger {
    /// One row.
    struct Entry: Sendable, Hashable {
        let version: String
        let name: String
        let appliedAt: Timestamp
        /// Whether this build's text equals the applied one; true for versions that this build lacks.
        let isSameText: Bool
    }

    /// What the ledger holds; empty when there is no ledger yet.
    static func read(_ pool: PostgresPool, _ migrations: [Migration]) async throws -> [String: Entry] {
        guard try await pool.query(exists).first?.bool(0) == true else { return [:] }
        var parameters = Parameters()
        parameters.append(array: migrations.map(\.version))
        parameters.append(array: migrations.map(\.sql))
        var entries: [String: Entry] = [:]
        for row in try await pool.query(all, parameters) {
            let entry = Entry(
                version: try row.string(0),
                name: try row.string(1),
                appliedAt: try row.timestamp(2),
                isSameText: try row.bool(3)
            )
            entries[entry.version] = entry
        }
        return entries
    }

    /// Takes the migration lock until the end of the transaction; false when another session has it.
    static func tryLock(_ connection: PostgresConnection) async throws -> Bool {
        try await connection.query(lock).first?.bool(0) == true
    }

    /// Takes the migration lock until the session ends; false when another session has it.
    static func tryLockSession(_ connection: PostgresConnection) async throws -> Bool {
        try await connection.query(lockSession).first?.bool(0) == true
    }

    /// When a migration was applied, as the transaction sees it; creates the ledger if necessary.
    static func appliedAt(_ version: String, _ connection: PostgresConnection) async throws -> Timestamp? {
        if try await connection.query(exists).first?.bool(0) != true {
            _ = try await connection.simple(creation)
        }
        var parameters = Parameters()
        parameters.append(version)
        return try await connection.query(one, parameters).first?.timestamp(0)
    }

    /// Records that a migration was applied in this transaction, which began with it.
    static func record(_ migration: Migration, _ connection: PostgresConnection) async throws {
        if try await connection.query(exists).first?.bool(0) != true {
            _ = try await connection.simple(creation)
        }
        var parameters = Parameters()
        parameters.append(migration.version)
        parameters.append(migration.name)
        parameters.append(migration.sql)
        _ = try await connection.query(insertion, parameters)
    }

    /// Removes a migration's row; its rollback may have removed the ledger as well.
    static func remove(_ migration: Migration, _ connection: PostgresConnection) async throws {
        guard try await connection.query(exists).first?.bool(0) == true else { return }
        var parameters = Parameters()
        parameters.append(migration.version)
        _ = try await connection.query(deletion, parameters)
    }

    private static let exists = Statement("", "SELECT to_regclass('switchyard.migrations') IS NOT NULL")

    private static let all = Statement(
        "",
        """
        SELECT m.version, m.name, m.applied_at, coalesce(m.checksum = encode(sha256(convert_to(b.sql, 'UTF8')), 'hex'), true)
        FROM switchyard.migrations m
        LEFT JOIN unnest($1::text[], $2::text[]) AS b(version, sql) USING (version)
        """
    )

    private static let one = Statement("", "SELECT applied_at FROM switchyard.migrations WHERE version = $1::text")

    private static let lock = Statement(
        "",
        "SELECT pg_try_advisory_xact_lock(hashtextextended('switchyard.migrations', 0))"
    )

    private static let lockSession = Statement(
        "",
        "SELECT pg_try_advisory_lock(hashtextextended('switchyard.migrations', 0))"
    )

    private static let creation = """
        CREATE SCHEMA IF NOT EXISTS switchyard;
        CREATE TABLE IF NOT EXISTS switchyard.migrations (
            version text PRIMARY KEY,
            name text NOT NULL,
            checksum text NOT NULL,
            applied_at timestamptz NOT NULL,
            duration_ms bigint NOT NULL
        );
        COMMENT ON TABLE switchyard.migrations IS 'Which migrations were applied; checksum: SHA-256 of the file.';
        """

    private static let insertion = Statement(
        "",
        """
        INSERT INTO switchyard.migrations (version, name, checksum, applied_at, duration_ms)
        VALUES ($1::text, $2::text, encode(sha256(convert_to($3::text, 'UTF8')), 'hex'), clock_timestamp(),
            (extract(epoch FROM clock_timestamp() - now()) * 1000)::bigint)
        ON CONFLICT (version) DO UPDATE SET name = excluded.name, checksum = excluded.checksum,
            applied_at = excluded.applied_at, duration_ms = excluded.duration_ms
        """
    )

    private static let deletion = Statement("", "DELETE FROM switchyard.migrations WHERE version = $1::text")
}
