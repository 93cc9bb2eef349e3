import Postgres

/// A check of the schema, and its result.
package struct SchemaCheck: Sendable, Hashable {
    /// What was checked.
    package let name: String
    /// Whether it passed.
    package let isOK: Bool
    /// What was found, or the problem.
    package let detail: String
    /// What the operator can do about it; nil if `switchyard migrate up` restores it.
    package var remedy: String?

    /// Whether it failed, and repeating the migrations restores it.
    package var isRestorable: Bool { !isOK && remedy == nil }
}

/// A table of the installation that every client of its API may use.
package struct OpenTable: Sendable, Hashable {
    /// Its name.
    package let name: String
    /// Who may do what, as `anon may SELECT, INSERT`.
    package let rights: String
}

/// Checks of the schema, and rehearsals of migrations.
package struct SchemaStore: Sendable {
    /// The connections, and the actor recorded with edits.
    package let session: StoreSession

    /// A store over a session.
    package init(_ session: StoreSession) {
        self.session = session
    }

    /// Every check of the schema: columns, functions by their digest, policies, rights, indexes, triggers, backfill, roles.
    ///
    /// One statement that reads the catalogue, counts of leads that stop at the first invalid one, and ``roleChecks()``.
    /// It runs on any database, whatever is missing there.
    package func verify() async throws -> [SchemaCheck] {
        let roles = try await roleChecks()
        do {
            let checks = try await session.pool.query(Self.verification)
                .map { row in
                    SchemaCheck(
                        name: try row.string(0),
                        isOK: try row.bool(1),
                        detail: try row.stringIfPresent(2) ?? "",
                        remedy: try row.stringIfPresent(3)
                    )
                }
            return checks + roles
        } catch let error as PostgresError where error.isRefusal && !roles.allSatisfy(\.isOK) {
            // A user without the rights of its roles cannot count leads, and this is the reason.
            return roles
        }
    }

    /// Whether the database has what this build needs: the batch functions, with the parameters that it passes.
    ///
    /// Cheap enough for a probe every second.
    package func isMigrated() async throws -> Bool {
        guard let row = try await session.pool.query(Self.presence).first else { return false }
        return try row.bool(0)
    }

    /// The applied versions of which objects are missing: all of them, if a check of the schema fails that migrations
    /// restore.
    ///
    /// Migrations are safe to repeat, so restoring more than is missing is harmless.
    package func missingMigrations() async throws -> Set<String> {
        let isWhole = try await !verify().contains(where: \.isRestorable)
        return isWhole ? [] : Set(SchemaMigrations.all.map(\.version))
    }

    /// The tables of the installation that every client of its API may read or write, by name.
    ///
    /// One statement that reads the catalogue; it runs on any database.
    package func openTables() async throws -> [OpenTable] {
        try await session.pool.query(Self.findOpenTables)
            .map { OpenTable(name: try $0.string(0), rights: try $0.string(1)) }
    }

    /// Switches row-level security on for the installation's tables without it, and takes the rights of clients there.
    ///
    /// The migrations that ``SchemaMigrations/afterSecuring`` names must be repeated afterwards: they let members read
    /// what is theirs.
    ///
    /// - Throws: `PostgresError`; SQLSTATE 55P03 if another transaction holds a lock for longer than a second.
    package func secureTables() async throws {
        _ = try await session.pool.simple(Embedded.secureTables)
    }

    static let verification = Statement("", SchemaMigrations.verifySQL)
    static let findOpenTables = Statement("open_tables", Embedded.openTables)
    static let presence = Statement("is_migrated", Embedded.isMigrated)
}
