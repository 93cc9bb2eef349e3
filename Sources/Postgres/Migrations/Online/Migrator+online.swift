extension Migrator {
    /// Applies the migrations of ``plan()`` like ``up(progress:)``, while other programs read and write.
    ///
    /// It waits at most `OnlineRun.lockTimeout` for a lock that blocks other transactions, builds indexes of non-empty
    /// tables concurrently, and backfills leads in small transactions before the migration that requires them. It may
    /// be killed at any point, and continues when it is run again; the ledger records a migration once all of its steps
    /// are done. A session lock makes nodes that start meanwhile wait, so it cannot run through a pooler in transaction
    /// mode.
    ///
    /// - Parameters:
    ///   - withoutTriggers: whether rows are filled without firing the triggers of the installation.
    ///   - progress: receives a line for each step.
    /// - Returns: the migrations that this call has applied.
    /// - Throws: ``MigrationError``; `PostgresError` 42501 without the right to leave triggers out.
    @discardableResult
    package func upOnline(
        withoutTriggers: Bool = false,
        progress: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws -> [Migration] {
        let sleep = sleep
        return try await pool.withConnection { connection -> [Migration] in
            let run = OnlineRun(connection: connection, sleep: sleep, progress: progress)
            // Closing the connection ends its settings and its session lock.
            defer { connection.close() }
            try await run.open(withoutTriggers: withoutTriggers)
            try await refuseUnreleased()
            var applied: [Migration] = []
            for state in Self.plan(try await status()) {
                progress("\(state.isApplied ? "Restoring" : "Applying") \(state.migration.label) …")
                try await run.apply(state.migration)
                applied.append(state.migration)
            }
            return applied
        }
    }
}
