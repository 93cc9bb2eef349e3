extension Migrator {
    /// Applies what ``plan()`` says like ``up(progress:)``, so that other programs go on reading and writing.
    ///
    /// No lock that blocks other transactions is waited for longer than `OnlineRun.lockTimeout`, indexes of tables that
    /// hold something are made concurrently, and leads are filled in small transactions ahead of the migration that
    /// asks for it. It may be killed at any point, and goes on where it was when it is run again; the ledger has a
    /// migration when all of it is done. It holds the right to migrate by a lock of the session: nodes that start
    /// meanwhile wait, and a pooler in transaction mode will not do.
    ///
    /// - Returns: what this call has applied.
    @discardableResult
    package func upOnline(progress: @escaping @Sendable (String) -> Void = { _ in }) async throws -> [Migration] {
        let sleep = sleep
        return try await pool.withConnection { connection -> [Migration] in
            let run = OnlineRun(connection: connection, sleep: sleep, progress: progress)
            // Settings and the lock of the session go with the connection.
            defer { connection.close() }
            try await run.open()
            try await refuseUnreleased()
            var applied: [Migration] = []
            for state in Self.plan(try await status()) {
                progress("\(state.isApplied ? "Bringing back" : "Applying") \(state.migration.label) …")
                try await run.apply(state.migration)
                applied.append(state.migration)
            }
            return applied
        }
    }
}
