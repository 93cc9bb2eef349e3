/// Brings a database's schema up to date, takes it back, and says how it stands.
///
/// Each migration is one transaction, and waits a second at most for a lock that writers hold, then stands back and
/// tries again. Any number of nodes may do it at once: one does it, the others wait and find it done.
package struct Migrator: Sendable {
    /// The migrations of this build, oldest first.
    package let migrations: [Migration]
    let pool: PostgresPool
    private let missing: @Sendable (PostgresPool) async throws -> Set<String>
    let sleep: @Sendable (Duration) async throws -> Void

    /// A migrator over a pool.
    ///
    /// - Parameters:
    ///   - migrations: All migrations of the build, in any order.
    ///   - pool: Where the database is.
    ///   - missing: The versions of which something is gone from the database, though they were applied.
    ///   - sleep: How to wait between tries.
    package init(
        migrations: [Migration],
        pool: PostgresPool,
        missing: @escaping @Sendable (PostgresPool) async throws -> Set<String> = { _ in [] },
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.migrations = migrations.sorted { $0.version < $1.version }
        self.pool = pool
        self.missing = missing
        self.sleep = sleep
    }

    /// How each migration of this build stands.
    package func status() async throws -> [MigrationState] {
        let ledger = try await MigrationLedger.read(pool, migrations)
        // The check looks at the whole: while something is still to apply, it cannot tell what is gone from what never was.
        let isWhole = migrations.allSatisfy { ledger[$0.version] != nil }
        let gone = isWhole ? try await missing(pool) : []
        return migrations.map { migration in
            let entry = ledger[migration.version]
            return MigrationState(
                migration: migration,
                appliedAt: entry?.appliedAt,
                isChanged: entry.map { !$0.isSameText } ?? false,
                isGone: entry != nil && gone.contains(migration.version)
            )
        }
    }

    /// The versions in the ledger that this build does not know: a newer one has been here.
    package func unknownVersions() async throws -> [String] {
        let known = Set(migrations.map(\.version))
        return try await MigrationLedger.read(pool, migrations).keys.filter { !known.contains($0) }.sorted()
    }

    /// What ``up(progress:)`` would apply, in order: what was never applied, and everything from the first that is gone.
    package func plan() async throws -> [Migration] {
        Self.plan(try await status()).map(\.migration)
    }

    static func plan(_ states: [MigrationState]) -> [MigrationState] {
        let firstGone = states.first { $0.isGone }?.migration.version
        return states.filter { state in
            !state.isApplied || firstGone.map { state.migration.version >= $0 } ?? false
        }
    }

    /// Applies what ``plan()`` says, and returns what this call has applied.
    ///
    /// What another node has applied meanwhile is left out. Throws ``MigrationError`` or `PostgresError`; then every
    /// migration before the failed one is applied, and nothing of that one is there.
    @discardableResult
    package func up(progress: (String) -> Void = { _ in }) async throws -> [Migration] {
        let states = try await status()
        for state in states where state.isChanged {
            progress("Migration \(state.migration.label) was applied from another text than this build's.")
        }
        var applied: [Migration] = []
        for state in Self.plan(states) {
            progress("\(state.isApplied ? "Bringing back" : "Applying") \(state.migration.label) …")
            if try await apply(state, progress) { applied.append(state.migration) }
        }
        return applied
    }

    /// Takes back every applied migration after `version`, newest first, and returns them.
    @discardableResult
    package func down(to version: String, progress: (String) -> Void = { _ in }) async throws -> [Migration] {
        let doomed = try await status().filter { $0.isApplied && $0.migration.version > version }.map(\.migration)
        for migration in doomed where migration.rollback == nil {
            throw MigrationError(code: .noRollback, migration: migration.label, cause: nil)
        }
        for migration in doomed.reversed() {
            progress("Taking back \(migration.label) …")
            try await takeBack(migration, progress)
        }
        return doomed.reversed()
    }
}

extension Migration {
    /// Version and name, for people.
    var label: String { "\(version) \(name)" }
}
