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

    /// Refuses a database that a version of Switchyard made which was never released.
    ///
    /// A released migration is never edited, and a release adds only versions later than all before. So a ledger that has
    /// another text for a version of this build, or a version older than this build's newest that this build lacks, is no
    /// release's. Versions later than this build's newest are those of a newer release, and are fine.
    ///
    /// - Throws: ``MigrationError`` with ``MigrationError/Code/unreleased``, or what the database says.
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

    /// The first entry and how many there are beside it, with what is wrong with them; nil without any.
    private static func list(_ entries: [MigrationLedger.Entry], _ fault: String) -> String? {
        guard let first = entries.first else { return nil }
        let others = entries.count > 1 ? " and \(entries.count - 1) more" : ""
        return "\(first.version) \(first.name)\(others) \(fault)"
    }

    /// What ``up(progress:)`` would apply, in order: what was never applied, and everything from the first that is gone.
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

    /// Applies what ``plan()`` says, and returns what this call has applied.
    ///
    /// What another node has applied meanwhile is left out. Throws ``MigrationError`` or `PostgresError`; then every
    /// migration before the failed one is applied, and nothing of that one is there.
    @discardableResult
    package func up(progress: (String) -> Void = { _ in }) async throws -> [Migration] {
        try await refuseUnreleased()
        var applied: [Migration] = []
        for state in Self.plan(try await status()) {
            progress("\(state.isApplied ? "Bringing back" : "Applying") \(state.migration.label) …")
            if try await apply(state, progress) { applied.append(state.migration) }
        }
        return applied
    }

    /// Takes back every applied migration after `version`, newest first, and returns them.
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
    /// Version and name, for people.
    var label: String { "\(version) \(name)" }
}
