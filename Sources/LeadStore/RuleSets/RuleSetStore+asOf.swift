import FoundationEssentials
package import Postgres
package import RoutingRules

extension RuleSetStore {
    /// All rules, workspaces and agreements as they stood at a version, read in the same way as those that are in force.
    ///
    /// Exactly what ``loadRuleSet()`` gave while that version was in force. Costs about twice as much.
    ///
    /// - Parameter version: any version since history began; `rule_set_version` of a log row, for one.
    /// - Returns: the rule set.
    /// - Throws: `StoreError` for a version that is before history, or not there yet.
    package func loadRuleSet(asOf version: Int64) async throws -> RuleSetSnapshot {
        var parameters = Parameters()
        parameters.append(version)
        let values = parameters
        return try await session.pool.withTransaction { connection in
            _ = try await connection.query(StoreSession.readOneSnapshot)
            guard let known = try await connection.query(Self.isRecorded, values).first, try known.bool(0) else {
                throw StoreError(
                    .notFound,
                    "There is no record of version \(version) of the rule set.",
                    remedy: "History is kept since the migration 20261130000001_rule_sets.sql."
                )
            }
            return try await Self.snapshot(
                version: version,
                workspaces: connection.query(Self.workspacesThen, values),
                rules: connection.query(Self.rulesThen, values),
                agreements: connection.query(Self.agreementsThen, values),
                pauses: connection.query(Self.pausesThen, values),
                people: connection.query(Self.peopleThen, values)
            )
        }
    }

    /// Who made a version, when and how; nil if that is not recorded.
    package func ruleSetVersion(_ version: Int64) async throws -> RuleSetVersion? {
        var parameters = Parameters()
        parameters.append(version)
        return try await session.pool.query(Self.oneVersion, parameters).first.map(RuleSetVersion.init)
    }

    /// The version of the rule set that was in force at a time; nil if that is before history.
    package func ruleSetVersion(at time: Timestamp) async throws -> Int64? {
        var parameters = Parameters()
        parameters.append(time)
        return try await session.pool.query(Self.versionThen, parameters).first?.int64IfPresent(0)
    }

    /// The rows of a table as they stood at the version `$1`.
    ///
    /// - Parameters:
    ///   - table: the table, with its schema.
    ///   - alias: what the columns call it.
    /// - Returns: what goes behind FROM; a condition may be added.
    static func rows(of table: String, as alias: String) -> String {
        """
        switchyard.rule_set_history h CROSS JOIN LATERAL jsonb_populate_record(NULL::\(table), h.content) \(alias)
        WHERE h.table_name = '\(table)' AND h.valid_from <= $1 AND h.valid_to > $1
        """
    }

    static let isRecorded = Statement(
        "is_recorded",
        """
        SELECT $1 BETWEEN (SELECT min(v.version) FROM switchyard.rule_set_versions v)
            AND switchyard.current_rule_set_version() IS TRUE
        """
    )
    private static let workspacesThen = Statement(
        "workspaces_then",
        """
        SELECT \(WorkspaceRecord.columns) FROM \(rows(of: "public.workspaces", as: "w")) AND w.deleted_at IS NULL
        """
    )
    private static let rulesThen = Statement(
        "rules_then",
        "SELECT \(RuleRecord.columns) FROM \(rows(of: "public.lead_routing_rules", as: "r"))"
    )
    private static let agreementsThen = Statement(
        "agreements_then",
        """
        SELECT a.receiving_workspace_id, a.sending_workspace_id FROM \(rows(of: "public.routing_agreements", as: "a"))
        """
    )
    private static let peopleThen = Statement(
        "people_then",
        """
        SELECT \(Assignee.columns) FROM \(rows(of: "public.workspace_assignees", as: "a"))
        ORDER BY a.workspace_id, a.name, a.id
        """
    )
    private static let pausesThen = Statement(
        "pauses_then",
        "SELECT p.workspace_id FROM \(rows(of: "switchyard.routing_pauses", as: "p"))"
    )
    private static let oneVersion = Statement(
        "one_rule_set_version",
        "SELECT \(RuleSetVersion.columns) FROM switchyard.rule_set_versions v WHERE v.version = $1"
    )
    private static let versionThen = Statement(
        "rule_set_version_then",
        "SELECT max(v.version) FROM switchyard.rule_set_versions v WHERE v.changed_at <= $1"
    )
}
