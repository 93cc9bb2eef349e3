import Postgres

/// A check of the schema, and its result.
package struct SchemaCheck: Sendable, Hashable {
    /// What was checked.
    package let name: String
    /// Whether it passed.
    package let isOK: Bool
    /// What was found, or the problem.
    package let detail: String
}

/// Checks of the schema, and rehearsals of migrations.
package struct SchemaStore: Sendable {
    /// The connections, and the actor recorded with edits.
    package let session: StoreSession

    /// A store over a session.
    package init(_ session: StoreSession) {
        self.session = session
    }

    /// Every check of the schema: columns, functions, policies, indexes, triggers, backfill.
    ///
    /// One statement that reads the catalogue, and counts of leads that stop at the first invalid one. It runs on any
    /// database, whatever is missing there.
    package func verify() async throws -> [SchemaCheck] {
        try await session.pool.query(Self.verification)
            .map { row in
                SchemaCheck(name: try row.string(0), isOK: try row.bool(1), detail: try row.stringIfPresent(2) ?? "")
            }
    }

    /// Whether the database has what this build needs: the batch functions, with the parameters that it passes.
    ///
    /// Cheap enough for a probe every second.
    package func isMigrated() async throws -> Bool {
        guard let row = try await session.pool.query(Self.presence).first else { return false }
        return try row.bool(0)
    }

    /// The applied versions of which objects are missing: all of them, if one check of the schema fails.
    ///
    /// Migrations are safe to repeat, so restoring more than is missing is harmless.
    package func missingMigrations() async throws -> Set<String> {
        let isWhole = try await verify().allSatisfy(\.isOK)
        return isWhole ? [] : Set(SchemaMigrations.all.map(\.version))
    }

    static let verification = Statement("", SchemaMigrations.verifySQL)
    static let presence = Statement("is_migrated", Embedded.isMigrated)
}
