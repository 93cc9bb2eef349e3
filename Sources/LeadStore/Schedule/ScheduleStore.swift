package import FoundationEssentials
package import Postgres

/// One run of a scheduled function.
package struct ScheduledRun: Sendable, Hashable {
    /// The function.
    package let name: String
    /// Its due time.
    package let dueAt: Timestamp
    /// The node that ran it.
    package let node: String
    /// When it began, by the database's clock.
    package let startedAt: Timestamp
    /// When it ended; nil while it runs, or if its node died.
    package let finishedAt: Timestamp?
    /// How many leads it changed.
    package let affected: Int64?
    /// The error, if it failed.
    package let error: String?

    /// A run.
    package init(
        name: String,
        dueAt: Timestamp,
        node: String,
        startedAt: Timestamp,
        finishedAt: Timestamp? = nil,
        affected: Int64? = nil,
        error: String? = nil
    ) {
        self.name = name
        self.dueAt = dueAt
        self.node = node
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.affected = affected
        self.error = error
    }
}

/// Runs of the scheduled functions: each due time once over all nodes.
package struct ScheduleStore: Sendable {
    /// The connections, and the actor recorded with edits.
    package let session: StoreSession

    /// A store over a session.
    package init(_ session: StoreSession) {
        self.session = session
    }

    /// The database's clock, which decides what is due.
    package func databaseTime() async throws -> Timestamp {
        guard let row = try await session.pool.query(Self.clock).first else {
            throw StoreError(.notFound, "The database did not return the time.")
        }
        return try row.timestamp(0)
    }

    /// Takes a due time of a function for this node.
    ///
    /// The key (name, due time) lets only the first node through. A run that began a quarter of an hour ago and never
    /// ended is taken over, because its node died. A node that lost the connection before the answer repeats the call
    /// with the same `claim`, and gets the same answer.
    ///
    /// - Parameters:
    ///   - name: the function.
    ///   - dueAt: its due time.
    ///   - node: the node's name, for the record.
    ///   - claim: a token that is unique to the caller.
    /// - Returns: whether this node must run it.
    /// - Throws: `PostgresError`, if the database fails.
    package func claimRun(_ name: String, dueAt: Timestamp, node: String, claim: UUID) async throws -> Bool {
        let parameters: Parameters = [
            "name": .text(name),
            "due_at": .timestamp(dueAt),
            "node": .text(node),
            "claim": .uuid(claim),
        ]
        return try await !session.pool.query(Self.insertRun, parameters).isEmpty
    }

    /// Takes a due time whose run has failed, to repeat it.
    ///
    /// - Returns: whether this node must run it.
    package func reclaimFailedRun(_ name: String, dueAt: Timestamp, node: String) async throws -> Bool {
        let parameters: Parameters = ["name": .text(name), "due_at": .timestamp(dueAt), "node": .text(node)]
        return try await !session.pool.query(Self.repeatRun, parameters).isEmpty
    }

    /// The run of a due time, if it was taken.
    package func run(_ name: String, dueAt: Timestamp) async throws -> ScheduledRun? {
        let parameters: Parameters = ["name": .text(name), "due_at": .timestamp(dueAt)]
        return try await session.pool.query(Self.oneRun, parameters).first.map(ScheduledRun.init)
    }

    /// Records the end of a run.
    package func finishRun(
        _ name: String,
        dueAt: Timestamp,
        node: String,
        affected: Int64?,
        error: String?
    ) async throws {
        let parameters: Parameters = [
            "name": .text(name),
            "due_at": .timestamp(dueAt),
            "node": .text(node),
            "affected": .int64(affected),
            "error": .text(error),
        ]
        _ = try await session.pool.query(Self.endRun, parameters)
    }

    /// The last run of each function that has run.
    package func lastRuns() async throws -> [ScheduledRun] {
        try await session.pool.query(Self.newestRuns).map(ScheduledRun.init)
    }

    static let clock = Statement("database_time", "SELECT clock_timestamp()")
    static let insertRun = Statement(
        "claim_run",
        """
        INSERT INTO switchyard.scheduled_runs AS run (name, due_at, node, started_at, claim)
        VALUES (:name, :due_at, :node, clock_timestamp(), :claim)
        ON CONFLICT (name, due_at) DO UPDATE
        SET node = excluded.node, started_at = excluded.started_at, claim = excluded.claim
        WHERE run.finished_at IS NULL
            AND (run.claim = excluded.claim OR run.started_at < clock_timestamp() - interval '15 minutes')
        RETURNING 1
        """
    )
    static let repeatRun = Statement(
        "reclaim_failed_run",
        """
        UPDATE switchyard.scheduled_runs
        SET node = :node, started_at = clock_timestamp(), finished_at = NULL, affected = NULL, error = NULL
        WHERE name = :name AND due_at = :due_at AND finished_at IS NOT NULL AND error IS NOT NULL
        RETURNING 1
        """
    )
    static let oneRun = Statement(
        "scheduled_run",
        """
        SELECT name::text, due_at, node::text, started_at, finished_at, affected, error::text
        FROM switchyard.scheduled_runs
        WHERE name = :name AND due_at = :due_at
        """
    )
    static let endRun = Statement(
        "finish_run",
        """
        UPDATE switchyard.scheduled_runs SET finished_at = clock_timestamp(), affected = :affected, error = :error
        WHERE name = :name AND due_at = :due_at AND node = :node
        """
    )
    static let newestRuns = Statement(
        "last_runs",
        """
        SELECT DISTINCT ON (name) name::text, due_at, node::text, started_at, finished_at, affected, error::text
        FROM switchyard.scheduled_runs
        ORDER BY name, due_at DESC
        """
    )
}

extension ScheduledRun {
    /// Reads a row of name, due time, node, start, end, affected, error.
    init(_ row: Row) throws {
        name = try row.string(0)
        dueAt = try row.timestamp(1)
        node = try row.stringIfPresent(2) ?? ""
        startedAt = try row.timestamp(3)
        finishedAt = try row.timestampIfPresent(4)
        affected = try row.int64IfPresent(5)
        error = try row.stringIfPresent(6)
    }
}
