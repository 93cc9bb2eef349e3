extension Migrator {
    /// Applies one migration; false if another node has applied it since `state` was read.
    func apply(_ state: MigrationState, _ progress: (String) -> Void) async throws -> Bool {
        try await exclusively(state.migration, progress) { connection in
            let appliedAt = try await MigrationLedger.appliedAt(state.migration.version, connection)
            guard appliedAt == state.appliedAt else { return false }
            _ = try await connection.simple(state.migration.sql)
            try await MigrationLedger.record(state.migration, connection)
            return true
        }
    }

    /// Reverts one migration; its rollback and the ledger's row are one transaction.
    func takeBack(_ migration: Migration, _ progress: (String) -> Void) async throws {
        guard let rollback = migration.rollback else { return }
        try await exclusively(migration, progress) { connection in
            guard try await MigrationLedger.appliedAt(migration.version, connection) != nil else { return }
            _ = try await connection.simple(rollback)
            try await MigrationLedger.remove(migration, connection)
        }
    }

    /// The delays after failed attempts: a busy table, a dropped connection.
    private static var delays: [Duration] {
        [.milliseconds(250), .milliseconds(500), .seconds(1), .seconds(2), .seconds(4)]
            + Array(repeating: .seconds(8), count: 7)
    }

    /// How often to check whether another node has finished, and the maximum number of checks: ten minutes.
    private static var otherNodeStep: Duration { .milliseconds(250) }
    private static var otherNodeTries: Int { 2400 }

    /// Runs a body in its own transaction while no other node migrates; repeats it if a lock was not available.
    private func exclusively<Value: Sendable>(
        _ migration: Migration,
        _ progress: (String) -> Void,
        _ body: (PostgresConnection) async throws -> Value
    ) async throws -> Value {
        var delays = Self.delays[...]
        var tries = 0
        while true {
            do {
                if let value = try await once(body) { return value }
                tries += 1
                if tries == 4 { progress("Another node is migrating this database; waiting for it …") }
                guard tries < Self.otherNodeTries else {
                    throw MigrationError(code: .busy, migration: migration.label, cause: nil)
                }
                try await sleep(Self.otherNodeStep)
            } catch let error as PostgresError {
                // After a lost COMMIT the next attempt reads in the ledger whether it was applied.
                guard error.isWorthAnotherTry, let delay = delays.popFirst() else {
                    guard error.code == .server else { throw error }
                    throw MigrationError(code: .failed, migration: migration.label, cause: error)
                }
                progress("\(migration.label) met a lock or lost its connection; trying again …")
                try await sleep(delay)
            }
        }
    }

    /// One attempt; nil when another session holds the migration lock.
    private func once<Value: Sendable>(_ body: (PostgresConnection) async throws -> Value) async throws -> Value? {
        try await pool.withConnection { connection -> Value? in
            _ = try await connection.simple("BEGIN")
            do {
                _ = try await connection.simple(Self.limits)
                let value = try await MigrationLedger.tryLock(connection) ? try await body(connection) : nil
                // A migration file sets it for the session, which behind a pooler other clients would inherit.
                _ = try await connection.simple("RESET lock_timeout")
                _ = try await connection.simple("COMMIT")
                // A migration may have changed session settings, so the connection is not reused.
                connection.close()
                return value
            } catch {
                // The server rolls back what was not committed.
                connection.close()
                throw error
            }
        }
    }

    /// Waits at most half a second for a lock; the statements themselves have no limit.
    ///
    /// Writers queue behind a transaction that waits, and the server checks for deadlocks after a second, so this one
    /// gives up first.
    private static var limits: String {
        """
        SET LOCAL lock_timeout = '500ms'; SET LOCAL statement_timeout = 0;
        SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL client_min_messages = 'warning'
        """
    }
}

extension PostgresError {
    /// A lock timeout, a deadlock, or a transient error.
    fileprivate var isWorthAnotherTry: Bool { sqlState == "55P03" || isTransient }
}
