import FoundationEssentials
import Postgres
package import RoutingRules

/// Whole rule sets: the current one, earlier versions, and those of one owner.
package struct RuleSetStore: Sendable {
    /// The connections, and the actor recorded with edits.
    package let session: StoreSession

    /// A store over a session.
    package init(_ session: StoreSession) {
        self.session = session
    }

    /// The version, which every change of rules, agreements and workspaces increases: one row, cheap to query.
    package func version() async throws -> Int64 {
        guard let row = try await session.pool.query(Self.currentVersion).first else {
            throw StoreError(.notFound, "The database has no rule-set version; run the migrations.")
        }
        return try row.int64(0)
    }

    /// All rules, workspaces and agreements at one moment, with their version.
    ///
    /// One REPEATABLE READ transaction, so the result is consistent. Tens of thousands of rules take some tens of
    /// milliseconds. A rule with unreadable conditions is loaded as inactive, so that it sends no leads anywhere.
    package func load() async throws -> RuleSetSnapshot {
        try await session.pool.withTransaction { connection in
            _ = try await connection.query(StoreSession.readOneSnapshot)
            return try await Self.load(on: connection)
        }
    }

    /// The same on a connection whose transaction makes it consistent.
    static func load(on connection: PostgresConnection) async throws -> RuleSetSnapshot {
        guard let version = try await connection.query(Self.currentVersion).first else {
            throw StoreError(.notFound, "The database has no rule-set version; run the migrations.")
        }
        return try await Self.snapshot(
            version: version.int64(0),
            workspaces: connection.query(Self.allWorkspaces),
            rules: connection.query(Self.allRules),
            agreements: connection.query(Self.allAgreements),
            pauses: connection.query(Self.allPauses),
            people: connection.query(Self.allPeople)
        )
    }

    /// A rule set from its rows, current or earlier.
    static func snapshot(
        version: Int64,
        workspaces: Rows,
        rules: Rows,
        agreements: Rows,
        pauses: Rows,
        people: Rows
    ) throws -> RuleSetSnapshot {
        let people = Dictionary(grouping: try people.map(Assignee.init), by: \.workspaceID)
        let workspaces = try workspaces.map { row in
            var workspace = try WorkspaceRecord(row).workspace
            workspace.assignees = people[workspace.id] ?? []
            return workspace
        }
        var shared = SharedConditions()
        return RuleSetSnapshot(
            version: version,
            workspaces: workspaces,
            rules: try rules.map { row in
                var rule = try RuleRecord(row).rule
                rule.conditions = shared.shared(rule.conditions)
                return rule
            },
            agreements: try agreements.map { row in
                RoutingAgreement(receivingWorkspaceID: try row.uuid(0), sendingWorkspaceID: try row.uuid(1))
            },
            pauses: RoutingPauses(
                Set(try pauses.map { row in try row.uuid(0) }),
                suspended: Set(workspaces.lazy.filter { $0.suspension != nil }.map(\.id))
            )
        )
    }

    static let currentVersion = Statement(
        "rule_set_version",
        "SELECT switchyard.current_rule_set_version()"
    )
    static let allWorkspaces = Statement(
        "rule_set_workspaces",
        "SELECT \(WorkspaceRecord.columns) FROM public.workspaces w WHERE w.deleted_at IS NULL"
    )
    static let allRules = Statement(
        "rule_set_rules",
        "SELECT \(RuleRecord.columns) FROM public.lead_routing_rules r"
    )
    static let allAgreements = Statement(
        "rule_set_agreements",
        "SELECT receiving_workspace_id, sending_workspace_id FROM public.routing_agreements"
    )
    static let allPeople = Statement(
        "rule_set_people",
        "SELECT \(Assignee.columns) FROM public.workspace_assignees a ORDER BY a.workspace_id, a.name, a.id"
    )
    static let allPauses = Statement(
        "rule_set_pauses",
        "SELECT workspace_id FROM switchyard.routing_pauses"
    )
}
