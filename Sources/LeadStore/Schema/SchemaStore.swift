import Postgres

/// One thing that has to be right about the schema, and whether it is.
package struct SchemaCheck: Sendable, Hashable {
    /// What was looked at.
    package let name: String
    /// Whether it is right.
    package let isOK: Bool
    /// What was found, or what is wrong.
    package let detail: String
}

/// Checks of the schema, and rehearsals of migrations.
package struct SchemaStore: Sendable {
    /// The connections, and on whose behalf edits are recorded.
    package let session: StoreSession

    /// A store over a session.
    package init(_ session: StoreSession) {
        self.session = session
    }

    /// Every check of the migration guide and ours: columns, functions, policies, indexes, triggers, backfill.
    ///
    /// One statement that reads the catalogue, and counts of leads that stop at the first offender. It runs on any
    /// database, whatever is missing there.
    package func verify() async throws -> [SchemaCheck] {
        try await session.pool.query(Self.verification)
            .map { row in
                SchemaCheck(name: try row.string(0), isOK: try row.bool(1), detail: try row.stringIfPresent(2) ?? "")
            }
    }

    /// Whether the database has what this build needs: the batch functions, with the parameters that it calls them by.
    ///
    /// Cheap enough for a probe every second.
    package func isMigrated() async throws -> Bool {
        guard let row = try await session.pool.query(Self.presence).first else { return false }
        return try row.bool(0)
    }

    /// The applied versions of which something is gone: all of them, as soon as one check of the schema fails.
    ///
    /// The files are written to be applied again, so bringing back more than is gone does no harm.
    package func missingMigrations() async throws -> Set<String> {
        let isWhole = try await verify().allSatisfy(\.isOK)
        return isWhole ? [] : Set(SchemaMigrations.all.map(\.version))
    }

    static let verification = Statement("", SchemaMigrations.verifySQL)
    static let presence = Statement("is_migrated", Embedded.isMigrated)
}
