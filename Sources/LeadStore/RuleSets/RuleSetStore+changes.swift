package import FoundationEssentials
import Postgres
package import RoutingRules

extension RuleSetStore {
    /// The most versions that are read one by one; after more, everything is read again.
    private static let mostVersions = 200

    /// The rules that have changed since a version; nil if more has changed, or if it is not known.
    ///
    /// Reads the rows of the owners whose rules have changed, and of no other. One REPEATABLE READ transaction.
    package func changes(since version: Int64) async throws -> RuleSetChange? {
        try await session.pool.withTransaction { connection in
            _ = try await connection.query(StoreSession.readOneSnapshot)
            guard let current = try await connection.query(Self.currentVersion).first?.int64(0), current > version,
                current - version <= Int64(Self.mostVersions)
            else { return nil }
            let versions = try await connection.query(Self.versionsSince, ["version": .int64(version)])
            // One that is missing was not recorded, and may have changed anything.
            guard versions.count == Int(current - version) else { return nil }
            var owners: Set<UUID> = []
            for row in versions {
                guard try !row.bool(1) else { return nil }
                owners.formUnion(try row.uuidArray(0))
            }
            guard !owners.contains(RuleSetVersion.platform) else { return nil }
            var shared = SharedConditions()
            let rows = try await connection.query(Self.rulesOfOwners, ["owners": .uuids(Array(owners))])
            let rules = try rows.map { row in
                var rule = try RuleRecord(row).rule
                rule.conditions = shared.shared(rule.conditions)
                return rule
            }
            return RuleSetChange(version: current, owners: owners, rules: rules)
        }
    }

    /// What applies to the leads of a workspace, at one moment: its rules and the platform's, and all workspaces.
    ///
    /// The same as ``load()`` without the rules of others, which no lead of this workspace meets.
    ///
    /// - Parameter owner: the workspace; nil for the rules of the platform only.
    /// - Returns: the rule set.
    /// - Throws: `StoreError` if the database is not migrated; `PostgresError`, if it fails.
    package func load(of owner: UUID?) async throws -> RuleSetSnapshot {
        try await session.pool.withTransaction { connection in
            _ = try await connection.query(StoreSession.readOneSnapshot)
            guard let version = try await connection.query(Self.currentVersion).first else {
                throw StoreError(.notFound, "The database has no rule-set version; run the migrations.")
            }
            return try await Self.snapshot(
                version: version.int64(0),
                workspaces: connection.query(Self.allWorkspaces),
                rules: connection.query(Self.applyingRules, ["owner": .uuid(owner)]),
                agreements: connection.query(Self.allAgreements),
                pauses: connection.query(Self.allPauses),
                people: connection.query(Self.allPeople)
            )
        }
    }

    static let versionsSince = Statement(
        "rule_set_versions_since",
        """
        SELECT v.owners, v.changes_other FROM switchyard.rule_set_versions v WHERE v.version > :version
        """
    )
    static let rulesOfOwners = Statement(
        "rules_of_owners",
        "SELECT \(RuleRecord.columns) FROM public.lead_routing_rules r WHERE r.workspace_id = ANY (:owners)"
    )
    static let applyingRules = Statement(
        "applying_rules",
        """
        SELECT \(RuleRecord.columns) FROM public.lead_routing_rules r
        WHERE r.workspace_id IS NULL OR r.workspace_id = :owner
            OR r.workspace_id IN (SELECT w.id FROM public.workspaces w WHERE w.workspace_type = 'platform')
        """
    )
}
