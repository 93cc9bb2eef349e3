/// Migrates a database's schema, rolls it back, and reports its state.
///
/// Each migration is one transaction. It waits at most half a second for a lock that writers hold, then rolls back and
/// tries again. Any number of nodes may migrate at once: one applies the migrations, the others wait and find them
/// applied.
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
    ///   - pool: The connections.
    ///   - missing: The versions of which objects are missing in the database, though they were applied.
    ///   - sleep: How to wait between attempts.
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

    /// The state of each migration of this build.
    package func status() async throws -> [MigrationState] {
        let ledger = try await MigrationLedger.read(pool, migrations)
        // The check needs the complete schema: while a migration is pending, it cannot distinguish removed objects from
        // those not created yet.
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

    /// Refuses a database that a version of Switchyard made which was never released.
    ///
    /// A released migration is never edited, and a release adds only versions later than all before. So a ledger was
    /// not written by a release if it has another text for a version of this build, or a version older than this
    /// build's newest that this build lacks. Versions later than this build's newest belong to a newer release and are
    /// accepted.
    ///
    /// - Throws: ``MigrationError`` with ``MigrationError/Code/unreleased``, or `PostgresError` if the database fails.
    package func refuseUnreleased() async throws {
        let known = Set(migrations.map(\.version))
        let newest = migrations.last?.version ?? ""
        let entries = try await MigrationLedger.read(pool, migrations).values.sorted { $0.version < $1.version }
        let unknown = entries.filter { !known.contains($0.version) && $0.version < newest }
        let edited = entries.filter { known.contains($0.version) && !$0.isSameText }
        guard !unknown.isEmpty || !edited.isEmpty else { return }
        let found = [
            Self.list(unknown, "that this version does not have"),
            Self.list(edited, "with another text than this version's"),
        ]
        let list = found.compactMap { $0 }.joined(separator: ", and ")
        throw MigrationError(code: .unreleased, migration: list, cause: nil)
    }

    /// The first entry, the number of others, and what is wrong with them; nil without entries.
    private static func list(_ entries: [MigrationLedger.Entry], _ fault: String) -> String? {
        guard let first = entries.first else { return nil }
        let others = entries.count > 1 ? " and \(entries.count - 1) more" : ""
        return "\(first.version) \(first.name)\(others) \(fault)"
    }

    /// The migrations that ``up(progress:)`` would apply, in order: those not applied, and all from the first with
    /// missing objects.
    package func plan() async throws -> [Migration] {
        try await refuseUnreleased()
        return Self.plan(try await status()).map(\.migration)
    }

    static func plan(_ states: [MigrationState]) -> [MigrationState] {
        let firstGone = states.first { $0.isGone }?.migration.version
        return states.filter { state in
            !state.isApplied || firstGone.map { state.migration.version >= $0 } ?? false
        }
    }

    /// Applies the migrations of ``plan()``, and returns those that this call has applied.
    ///
    /// Migrations that another node applies meanwhile are not returned. Throws ``MigrationError`` or `PostgresError`;
    /// then every migration before the failed one is applied, and the failed one is rolled back.
    @discardableResult
    package func up(progress: (String) -> Void = { _ in }) async throws -> [Migration] {
        try await refuseUnreleased()
        var applied: [Migration] = []
        for state in Self.plan(try await status()) {
            progress("\(state.isApplied ? "Restoring" : "Applying") \(state.migration.label) …")
            if try await apply(state, progress) { applied.append(state.migration) }
        }
        return applied
    }

    /// Reverts every applied migration after `version`, newest first, and returns them.
    @discardableResult
    package func down(to version: String, progress: (String) -> Void = { _ in }) async throws -> [Migration] {
        try await refuseUnreleased()
        let rolledBack = try await status().filter { $0.isApplied && $0.migration.version > version }.map(\.migration)
        for migration in rolledBack where migration.rollback == nil {
            throw MigrationError(code: .noRollback, migration: migration.label, cause: nil)
        }
        for migration in rolledBack.reversed() {
            progress("Rolling back \(migration.label) …")
            try await takeBack(migration, progress)
        }
        return rolledBack.reversed()
    }
}

extension Migration {
    /// Version and name, for messages.
    var label: String { "\(version) \(name)" }
}
