package import LeadStore
import Postgres

extension OperationsRequests {
    /// How long the routing log is kept.
    ///
    /// - Throws: ``RequestError``.
    package func retention(as caller: Caller) async throws -> Retention {
        try caller.requireAdministrator(.admin)
        return try await mappingErrors { try await stores.maintenance.retention() }
    }

    /// Changes how long the routing log is kept; the schedule drops older months once they are counted.
    ///
    /// - Parameters:
    ///   - months: whole months beside the current one; nil: all.
    ///   - caller: an administrator; `admin`.
    /// - Returns: how long the log is kept now.
    /// - Throws: ``RequestError``.
    package func keepLog(months: Int32?, as caller: Caller) async throws -> Retention {
        try caller.requireAdministrator(.admin)
        return try await mappingErrors {
            try await stores.acting(as: caller.id).maintenance.keepLog(months: months)
            return try await stores.maintenance.retention()
        }
    }

    /// Has pg_cron release stale locks and expire leads, whether or not a node runs.
    ///
    /// - Returns: the names of the jobs.
    /// - Throws: ``RequestError``; `.conflict` where pg_cron is not installed.
    package func scheduleByCron(as caller: Caller) async throws -> [String] {
        try caller.requireAdministrator(.admin)
        return try await mappingErrors {
            do {
                return try await stores.maintenance.scheduleByCron()
            } catch let error as PostgresError where error.code == .server {
                throw RequestError.conflict(
                    reason: "pg_cron cannot be used in this database: \(error)",
                    remedy: """
                        Install it (Debian: postgresql-15-cron), add pg_cron to shared_preload_libraries, set \
                        cron.database_name to this database, restart, and CREATE EXTENSION pg_cron as a superuser. \
                        On Supabase: switch it on under Database, Extensions.
                        """
                )
            }
        }
    }

    /// Removes the jobs that ``scheduleByCron(as:)`` made.
    ///
    /// - Returns: how many there were.
    /// - Throws: ``RequestError``.
    package func unscheduleByCron(as caller: Caller) async throws -> Int64 {
        try caller.requireAdministrator(.admin)
        return try await mappingErrors { try await stores.maintenance.unscheduleByCron() }
    }
}
