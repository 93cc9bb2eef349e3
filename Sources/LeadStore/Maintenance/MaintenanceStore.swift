package import Postgres

/// How long data is kept, and the state of its maintenance.
package struct Retention: Sendable, Hashable {
    /// Whole months of the routing log that are kept beside the current one; nil for all.
    package let logMonths: Int32?
    /// The oldest month of the log that has a partition, as `2026_01`; nil without any.
    package let oldestLogMonth: String?
    /// How many months from the current one on have a partition.
    package let monthsAhead: Int64
    /// Up to when the statistics are counted; nil before the first count.
    package let countedUpTo: Timestamp?
    /// Whether older days are still to be counted.
    package let isCountingOldDays: Bool
    /// Seconds since the last count of statistics.
    package let secondsSinceCount: Double?
    /// Whether pg_cron runs the jobs that must not depend on a node.
    package let hasCronJobs: Bool
}

/// Retention, partitions, vacuum settings and jobs of pg_cron.
package struct MaintenanceStore: Sendable {
    /// The connections, and the actor recorded with edits.
    package let session: StoreSession

    /// A store over a session.
    package init(_ session: StoreSession) {
        self.session = session
    }

    /// How long data is kept, and the state of its maintenance.
    package func retention() async throws -> Retention {
        guard let row = try await session.pool.query(Self.askRetention).first else {
            throw StoreError(.notFound, "The database did not return what it keeps.")
        }
        let hasCron = try row.bool(6)
        let jobs = hasCron ? try await session.pool.query(Self.askCron).first?.int64(0) ?? 0 : 0
        return Retention(
            logMonths: try row.int32IfPresent(0),
            oldestLogMonth: try row.stringIfPresent(1),
            monthsAhead: try row.int64(2),
            countedUpTo: try row.timestampIfPresent(3),
            isCountingOldDays: try row.bool(4),
            secondsSinceCount: try row.doubleIfPresent(5),
            hasCronJobs: jobs == 2
        )
    }

    /// Sets how many whole months of the routing log are kept beside the current one; nil for all.
    ///
    /// Older ones are dropped by the next scheduled runs, after they are counted.
    package func keepLog(months: Int32?) async throws {
        let parameters: Parameters = ["months": .int32(months)]
        _ = try await session.run(Self.setRetention, parameters, as: .administrator, recording: session.actor)
    }

    /// Creates the log's partitions for the coming months, and removes old data.
    ///
    /// - Returns: how many rows and months were removed.
    package func prune() async throws -> Int64 { try await session.pool.query(Self.pruneAll).first?.int64(0) ?? 0 }

    /// Sets autovacuum for each table that has no such settings.
    package func setVacuumSettings() async throws { _ = try await session.pool.query(Self.vacuumSettings) }

    /// Schedules pg_cron jobs that release stale locks and expire leads, whether or not a node runs; creates the
    /// extension if possible.
    ///
    /// - Returns: the names of the jobs.
    package func scheduleByCron() async throws -> [String] {
        if try await session.pool.query(Self.cronIsMissing).first?.bool(0) == true {
            _ = try await session.pool.simple("CREATE EXTENSION IF NOT EXISTS pg_cron")
        }
        return try await session.pool.query(Self.schedule).map { try $0.string(0) }
    }

    /// Removes the jobs of ``scheduleByCron()``.
    ///
    /// - Returns: how many there were.
    package func unscheduleByCron() async throws -> Int64 {
        try await session.pool.query(Self.unschedule).first?.int64(0) ?? 0
    }

    static let askRetention = Statement("ask_retention", Embedded.askRetention)
    static let askCron = Statement(
        "",
        "SELECT count(*) FROM cron.job WHERE jobname IN ('switchyard-release-stale-locks', 'switchyard-expire-leads')"
    )
    static let setRetention = Statement("", "UPDATE switchyard.retention SET log_months = :months::int")
    static let pruneAll = Statement("prune", "SELECT switchyard.prune()")
    static let vacuumSettings = Statement("set_vacuum_settings", "SELECT switchyard.set_vacuum_settings()")
    static let cronIsMissing = Statement(
        "",
        "SELECT to_regprocedure('cron.schedule(text,text,text)') IS NULL AND EXISTS (SELECT FROM pg_catalog.pg_available_extensions "
            + "WHERE name = 'pg_cron')"
    )
    static let schedule = Statement("", "SELECT unnest(switchyard.schedule_by_cron())")
    static let unschedule = Statement("", "SELECT switchyard.unschedule_by_cron()::bigint")
}
