import Postgres

/// A lock that blocks other sessions, seen during a rehearsal.
package struct HeldLock: Sendable, Hashable {
    /// The table or index.
    package let relation: String
    /// For example `AccessExclusiveLock`.
    package let mode: String
}

/// The rows of a table that a migration changed.
package struct TableChanges: Sendable, Hashable {
    /// The table.
    package let name: String
    /// Rows inserted, updated and deleted.
    package let inserted, updated, deleted: Int64
}

extension [TableChanges] {
    /// The changes since an earlier reading, the most changed table first; tables without changes are left out.
    package func since(_ earlier: [TableChanges]) -> [TableChanges] {
        let before = Dictionary(earlier.map { ($0.name, $0) }) { first, _ in first }
        return map { now in
            guard let then = before[now.name] else { return now }
            return TableChanges(
                name: now.name,
                inserted: now.inserted - then.inserted,
                updated: now.updated - then.updated,
                deleted: now.deleted - then.deleted
            )
        }
        .filter { $0.count > 0 }
        .sorted { ($1.count, $0.name) < ($0.count, $1.name) }
    }
}

extension TableChanges {
    /// Inserted, updated and deleted rows together.
    fileprivate var count: Int64 { inserted + updated + deleted }
}

extension SchemaStore {
    /// The database's name, its size in bytes, and whether the user may create another.
    package func databaseFacts() async throws -> (name: String, size: Int64, mayCreateDatabases: Bool) {
        guard let row = try await session.pool.query(Self.askDatabase).first else {
            throw StoreError(.notFound, "The server did not answer.")
        }
        return (try row.string(0), try row.int64(1), try row.bool(2))
    }

    /// Creates a database: an empty one, or a copy of one without sessions.
    package func makeDatabase(_ name: String, from template: String?) async throws {
        _ = try await session.pool.simple(
            "CREATE DATABASE \(Self.quoted(name)) TEMPLATE \(Self.quoted(template ?? "template0"))"
        )
    }

    /// Drops a database, and ends its sessions.
    package func dropDatabase(_ name: String) async throws {
        _ = try await session.pool.simple("DROP DATABASE IF EXISTS \(Self.quoted(name)) WITH (FORCE)")
    }

    /// Locks on tables and indexes that block writers, or readers as well, and that other sessions hold now.
    package func heldLocks() async throws -> [HeldLock] {
        try await session.pool.query(Self.askLocks).map { HeldLock(relation: try $0.string(0), mode: try $0.string(1)) }
    }

    /// Rows changed since the database was made, by transactions that have ended.
    package func tableChanges() async throws -> [TableChanges] {
        try await session.pool.query(Self.askChanges)
            .map { row in
                TableChanges(
                    name: try row.string(0),
                    inserted: try row.int64(1),
                    updated: try row.int64(2),
                    deleted: try row.int64(3)
                )
            }
    }

    private static func quoted(_ name: String) -> String {
        "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }

    static let askDatabase = Statement(
        "",
        """
        SELECT current_database()::text, pg_catalog.pg_database_size(current_database()),
            coalesce((SELECT r.rolcreatedb OR r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = current_user), false)
        """
    )
    static let askLocks = Statement(
        "held_locks",
        """
        SELECT DISTINCT l.relation::regclass::text, l.mode
        FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_class c ON c.oid = l.relation
        WHERE l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())
            AND l.granted AND l.pid <> pg_backend_pid() AND c.relkind IN ('r', 'p') AND l.relation >= 16384
            AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
        """
    )
    static let askChanges = Statement(
        "",
        """
        SELECT s.schemaname || '.' || s.relname, s.n_tup_ins, s.n_tup_upd, s.n_tup_del
        FROM pg_catalog.pg_stat_user_tables s
        WHERE s.n_tup_ins + s.n_tup_upd + s.n_tup_del > 0
        ORDER BY s.n_tup_ins + s.n_tup_upd + s.n_tup_del DESC, 1
        """
    )
}
