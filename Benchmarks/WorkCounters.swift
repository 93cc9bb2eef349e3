import Postgres

/// What a stretch of work made the database do, counted from its write-ahead log and its list of statements.
struct WorkCounters: Sendable {
    /// Statements that clients sent, BEGIN and COMMIT among them; each is one round trip for its client.
    var statements = 0.0
    /// Transactions that wrote something.
    var commits = 0.0
    /// Bytes of write-ahead log.
    var walBytes = 0.0
    /// Versions of rows that were written: inserted ones and the new ones of updates.
    var rowVersions = 0.0
    /// Rows that were locked or deleted without a new version.
    var marks = 0.0
    /// Entries that were put into indexes.
    var indexEntries = 0.0

    /// Each count for one lead.
    func per(_ leads: Int) -> WorkCounters {
        let leads = Double(max(1, leads))
        return WorkCounters(
            statements: statements / leads,
            commits: commits / leads,
            walBytes: walBytes / leads,
            rowVersions: rowVersions / leads,
            marks: marks / leads,
            indexEntries: indexEntries / leads
        )
    }
}

extension PostgresPool {
    /// Counts what a piece of work makes the database do, or nil where the extensions for that are not to be had.
    ///
    /// Writes of all sessions during this time are counted. Statements need `pg_stat_statements` to be preloaded, as
    /// `script/with-postgres --durable` does; the log is read afterwards with `pg_walinspect`, which takes about as long
    /// as writing it did.
    func counting<Value: Sendable>(
        _ work: () async throws -> Value
    ) async throws -> (value: Value, counters: WorkCounters?) {
        let isAble = (try? await simple(Self.extensions)) != nil
        guard isAble else { return (try await work(), nil) }
        _ = try await simple("SELECT pg_stat_statements_reset()")
        let start = try await simple("SELECT pg_current_wal_insert_lsn()").last?.first?.string(0) ?? "0/0"
        let value = try await work()
        let rows = try await simple(
            """
            SELECT pg_current_wal_flush_lsn() AS lsn, (SELECT coalesce(sum(calls), 0)::text FROM pg_stat_statements
                WHERE toplevel AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
                    AND query NOT LIKE '%pg_current_wal%' AND query NOT LIKE '%pg_stat_statements%')
            """
        )
        guard let row = rows.last?.first else { return (value, nil) }
        let (end, statements) = (try row.string(0), Double(try row.string(1)) ?? 0)
        guard let row = try await simple(Self.records(from: start, to: end)).last?.first else { return (value, nil) }
        let numbers = try (0..<5).map { Double(try row.string($0)) ?? 0 }
        return (
            value,
            WorkCounters(
                statements: statements,
                commits: numbers[0],
                walBytes: numbers[1],
                rowVersions: numbers[2],
                marks: numbers[3],
                indexEntries: numbers[4]
            )
        )
    }

    private static let extensions = """
        CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
        CREATE EXTENSION IF NOT EXISTS pg_walinspect;
        SELECT count(*) FROM pg_stat_statements
        """

    /// A page split puts in the entry that did not fit.
    private static func records(from start: String, to end: String) -> String {
        """
        SELECT coalesce(sum(count) FILTER (WHERE r LIKE 'Transaction/COMMIT%'), 0)::text,
            pg_wal_lsn_diff('\(end)', '\(start)')::text,
            coalesce(sum(count) FILTER (WHERE r ~ '^Heap2?/(INSERT|MULTI_INSERT|UPDATE|HOT_UPDATE)'), 0)::text,
            coalesce(sum(count) FILTER (WHERE r ~ '^Heap2?/(LOCK|LOCK_UPDATED|DELETE)'), 0)::text,
            coalesce(sum(count) FILTER (WHERE r ~ '^Btree/(INSERT_LEAF|INSERT_POST|SPLIT_L|SPLIT_R)|^Hash/INSERT'), 0)::text
        FROM (SELECT s."resource_manager/record_type" AS r, s.count
            FROM pg_get_wal_stats('\(start)', '\(end)', true) s) x
        """
    }
}
