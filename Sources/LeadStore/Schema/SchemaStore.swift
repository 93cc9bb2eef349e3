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

    private static let verification = Statement("", SchemaMigrations.verifySQL)
    private static let presence = Statement(
        "is_migrated",
        """
        SELECT to_regclass('public.lead_routing_queue') IS NOT NULL AND to_regclass('public.lead_routing_logs') IS NOT NULL
            AND to_regclass('public.lead_identity_claims') IS NOT NULL
            AND EXISTS (SELECT FROM pg_catalog.pg_attribute a
                WHERE a.attrelid = to_regclass('public.leads') AND a.attname = 'routing_status' AND NOT a.attisdropped)
            AND to_regclass('switchyard.rule_set_version') IS NOT NULL
            AND to_regclass('switchyard.rule_set_history') IS NOT NULL
            AND to_regclass('switchyard.routing_state') IS NOT NULL
            AND to_regclass('switchyard.scheduled_runs') IS NOT NULL
            AND to_regclass('switchyard.nodes') IS NOT NULL
            AND to_regprocedure('switchyard.ingest_decided(bigint, uuid[], uuid[], uuid[], uuid[], text[], text[], text[],
                text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], bytea[],
                bytea[], boolean, uuid[], uuid[], text[], boolean)') IS NOT NULL
            AND to_regprocedure('switchyard.hold_turn(integer, boolean, uuid[], timestamptz[])') IS NOT NULL
            AND to_regprocedure('switchyard.held_leads(uuid[], boolean)') IS NOT NULL
            AND to_regprocedure('switchyard.settle_held(bigint, uuid[], uuid[], uuid[], text[], text[], text[], bytea[],
                bytea[], integer, uuid[], uuid[], text[])') IS NOT NULL
            AND to_regprocedure('switchyard.prune()') IS NOT NULL
        """
    )
}
