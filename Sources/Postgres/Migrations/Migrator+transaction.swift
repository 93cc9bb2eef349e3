extension Migrator {
    /// Applies one migration; false when another node has done it since `state` was read.
    func apply(_ state: MigrationState, _ progress: (String) -> Void) async throws -> Bool {
        try await exclusively(state.migration, progress) { connection in
            let appliedAt = try await MigrationLedger.appliedAt(state.migration.version, connection)
            guard appliedAt == state.appliedAt else { return false }
            _ = try await connection.simple(state.migration.sql)
            try await MigrationLedger.record(state.migration, connection)
            return true
        }
    }

    /// Takes one migration back; its rollback and the ledger's row go in one transaction.
    func takeBack(_ migration: Migration, _ progress: (String) -> Void) async throws {
        guard let rollback = migration.rollback else { return }
        try await exclusively(migration, progress) { connection in
            guard try await MigrationLedger.appliedAt(migration.version, connection) != nil else { return }
            _ = try await connection.simple(rollback)
            try await MigrationLedger.remove(migration, connection)
        }
    }

    /// How long to wait after each failed try: a busy table, a dropped connection.
    private static var delays: [Duration] {
        [.milliseconds(250), .milliseconds(500), .seconds(1), .seconds(2), .seconds(4)]
            + Array(repeating: .seconds(8), count: 7)
    }

    /// How often to ask whether another node is done, and how often to ask at most: ten minutes.
    private static var otherNodeStep: Duration { .milliseconds(250) }
    private static var otherNodeTries: Int { 2400 }

    /// Runs a body in a transaction of its own while no other node migrates; repeats it when it met a lock.
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
                // After a lost COMMIT the next try sees in the ledger whether it was done.
                guard error.isWorthAnotherTry, let delay = delays.popFirst() else {
                    guard error.code == .server else { throw error }
                    throw MigrationError(code: .failed, migration: migration.label, cause: error)
                }
                progress("\(migration.label) met a lock or lost its connection; trying again …")
                try await sleep(delay)
            }
        }
    }

    /// One try; nil when another session holds the right to migrate.
    private func once<Value: Sendable>(_ body: (PostgresConnection) async throws -> Value) async throws -> Value? {
        try await pool.withConnection { connection -> Value? in
            _ = try await connection.simple("BEGIN")
            do {
                _ = try await connection.simple(Self.limits)
                let value = try await MigrationLedger.tryLock(connection) ? try await body(connection) : nil
                // A file sets it for the session, which behind a pooler stays with strangers.
                _ = try await connection.simple("RESET lock_timeout")
                _ = try await connection.simple("COMMIT")
                // A migration may have changed settings of the session: no other caller may get it.
                connection.close()
                return value
            } catch {
                // The server undoes what was not committed.
                connection.close()
                throw error
            }
        }
    }

    /// Waits half a second at most for a lock, and takes all the time it needs else.
    ///
    /// Writers queue behind one who waits, and the server looks for deadlocks after a second: it is we who give way.
    private static var limits: String {
        """
        SET LOCAL lock_timeout = '500ms'; SET LOCAL statement_timeout = 0;
        SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL client_min_messages = 'warning'
        """
    }
}

extension PostgresError {
    /// A lock not had in time, a deadlock, or what any transaction may meet.
    fileprivate var isWorthAnotherTry: Bool { sqlState == "55P03" || isTransient }
}
