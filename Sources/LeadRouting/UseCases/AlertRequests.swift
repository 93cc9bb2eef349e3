package import LeadStore
package import Postgres

/// What an administrator may ask of alerts.
package struct AlertRequests: Sendable {
    let stores: Stores

    /// The alerts that were evaluated at least once.
    ///
    /// - Returns: the alerts, and the database's time, by which their silences end.
    /// - Throws: ``RequestError``.
    package func list(as caller: Caller) async throws -> (alerts: [StoredAlert], time: Timestamp) {
        try caller.requireAdministrator(.admin)
        return try await mappingErrors {
            (try await stores.alerts.list(), try await stores.schedule.databaseTime())
        }
    }

    /// Sends no messages about alerts for a time; they are still evaluated.
    ///
    /// - Parameters:
    ///   - names: the alerts.
    ///   - seconds: how long; 0 ends a silence.
    ///   - reason: why, shown with the alert.
    ///   - caller: an administrator; `admin`.
    /// - Throws: ``RequestError``.
    package func silence(_ names: [String], seconds: Double, reason: String?, as caller: Caller) async throws {
        try caller.requireAdministrator(.admin)
        try await mappingErrors {
            for name in names {
                _ = try await stores.alerts.silence(
                    name,
                    seconds: seconds,
                    by: caller.id,
                    reason: seconds > 0 ? reason : nil
                )
            }
        }
    }
}
