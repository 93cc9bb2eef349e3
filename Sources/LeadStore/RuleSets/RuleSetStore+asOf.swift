package import FoundationEssentials
package import Postgres
package import RoutingRules

extension RuleSetStore {
    /// All rules, workspaces and agreements at a version, read like the current ones.
    ///
    /// The same as ``load()`` returned at that version. Costs about twice as much.
    ///
    /// - Parameters:
    ///   - version: any version since history began, such as `rule_set_version` of a log row.
    ///   - owner: only what applies to the leads of this workspace, its rules and the platform's; nil for all rules.
    /// - Returns: the rule set.
    /// - Throws: `StoreError` for a version before history, or in the future.
    package func load(asOf version: Int64, of owner: UUID? = nil) async throws -> RuleSetSnapshot {
        let values: Parameters = ["version": .int64(version)]
        let ofOwner: Parameters = ["version": .int64(version), "owner": .uuid(owner)]
        return try await session.pool.withTransaction { connection in
            _ = try await connection.query(StoreSession.readOneSnapshot)
            guard let known = try await connection.query(Self.isRecorded, values).first, try known.bool(0) else {
                throw StoreError(
                    .notFound,
                    "Version \(version) of the rule set was not kept.",
                    remedy: "History is kept since the migration 20261130000001_rule_sets.sql."
                )
            }
            return try await Self.snapshot(
                version: version,
                workspaces: connection.query(Self.workspacesThen, values),
                rules: connection.query(Self.rulesThen, ofOwner),
                agreements: connection.query(Self.agreementsThen, values),
                pauses: connection.query(Self.pausesThen, values),
                people: connection.query(Self.peopleThen, values)
            )
        }
    }

    /// The author, time and action of a version; nil if not recorded, or if the caller may not see it: a workspace sees the
    /// versions that changed its rules.
    package func version(_ version: Int64, as access: Access) async throws -> RuleSetVersion? {
        let parameters: Parameters = ["version": .int64(version)]
        return try await session.run(Self.oneVersion, parameters, as: access).first.map(RuleSetVersion.init)
    }

    /// The version at a time; nil if that is before history.
    package func version(at time: Timestamp) async throws -> Int64? {
        try await session.pool.query(Self.versionThen, ["time": .timestamp(time)]).first?.int64IfPresent(0)
    }

    /// The rows of a table at the version `:version`.
    ///
    /// - Parameters:
    ///   - table: the table, with its schema.
    ///   - alias: its alias in the columns.
    /// - Returns: the text after FROM; a condition may be appended.
    static func rows(of table: String, as alias: String) -> String {
        """
        switchyard.rule_set_history h CROSS JOIN LATERAL jsonb_populate_record(NULL::\(table), h.content) \(alias)
        WHERE h.table_name = '\(table)' AND h.valid_from <= :version AND h.valid_to > :version
        """
    }

    static let isRecorded = Statement(
        "is_recorded",
        """
        SELECT :version BETWEEN (SELECT min(v.version) FROM switchyard.rule_set_versions v)
            AND switchyard.current_rule_set_version() IS TRUE
        """
    )
    static let workspacesThen = Statement(
        "workspaces_then",
        """
        SELECT \(WorkspaceRecord.columns) FROM \(rows(of: "public.workspaces", as: "w")) AND w.deleted_at IS NULL
        """
    )
    static let rulesThen = Statement(
        "rules_then",
        """
        SELECT \(RuleRecord.columns) FROM \(rows(of: "public.lead_routing_rules", as: "r"))
            AND (:owner::uuid IS NULL OR h.owner IN (:owner, '00000000-0000-0000-0000-000000000000')
                OR EXISTS (SELECT FROM switchyard.rule_set_history p WHERE p.table_name = 'public.workspaces'
                    AND p.row_key = h.owner::text AND p.valid_from <= :version AND p.valid_to > :version
                    AND p.content ->> 'workspace_type' = 'platform'))
        """
    )
    static let agreementsThen = Statement(
        "agreements_then",
        """
        SELECT a.receiving_workspace_id, a.sending_workspace_id FROM \(rows(of: "public.routing_agreements", as: "a"))
        """
    )
    static let peopleThen = Statement(
        "people_then",
        """
        SELECT \(Assignee.columns) FROM \(rows(of: "public.workspace_assignees", as: "a"))
        ORDER BY a.workspace_id, a.name, a.id
        """
    )
    static let pausesThen = Statement(
        "pauses_then",
        "SELECT p.workspace_id FROM \(rows(of: "switchyard.routing_pauses", as: "p"))"
    )
    static let oneVersion = Statement(
        "one_rule_set_version",
        "SELECT \(RuleSetVersion.columns) FROM switchyard.rule_set_versions v WHERE v.version = :version"
    )
    static let versionThen = Statement(
        "rule_set_version_then",
        "SELECT max(v.version) FROM switchyard.rule_set_versions v WHERE v.changed_at <= :time"
    )
}
