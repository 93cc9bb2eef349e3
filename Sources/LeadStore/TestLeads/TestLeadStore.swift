package import FoundationEssentials
import JSON
import Postgres
package import RoutingRules

/// Leads that test keys sent.
package struct TestLeadStore: Sendable {
    /// The connections.
    package let session: StoreSession
    /// About how many are kept of a workspace.
    package static let kept = 1000

    /// A store over a session.
    package init(_ session: StoreSession) {
        self.session = session
    }

    /// Stores test leads of a workspace with their outcomes, and removes its oldest beyond a thousand.
    ///
    /// One statement, which touches no lead, claim, counter, credit or log.
    ///
    /// - Parameters:
    ///   - leads: the leads and their outcomes.
    ///   - workspace: the workspace of the key.
    /// - Returns: whether they were stored: not for a workspace that is suspended or closed.
    /// - Throws: `PostgresError`, if the database fails.
    package func store(_ leads: [(lead: Lead, outcome: RoutingOutcome)], of workspace: UUID) async throws -> Bool {
        let parameters: Parameters = [
            "workspace": .uuid(workspace),
            "ids": .uuids(leads.map(\.outcome.leadID)),
            "statuses": .texts(leads.map(\.outcome.status.rawValue)),
            "destinations": .uuids(leads.map(\.outcome.destinationWorkspaceID)),
            "rules": .uuids(leads.map(\.outcome.matchedRuleID)),
            "reasons": .texts(leads.map(\.outcome.reason.stored)),
            "contents": .texts(leads.map { TestLead.content(of: $0.lead).json }),
            "kept": .int64(Int64(Self.kept)),
        ]
        let stored = try await session.pool.query(Self.storeTestLeads, parameters).first?.int64(0)
        return stored == Int64(leads.count)
    }

    /// The newest test leads that the caller may see, newest first.
    package func list(limit: Int, as access: Access) async throws -> [TestLead] {
        let parameters: Parameters = ["limit": .int64(Int64(limit)), "workspace": .uuid(access.workspaceID)]
        return try await session.run(Self.listTestLeads, parameters, as: access).map(TestLead.init)
    }

    /// One test lead, or nil if it does not exist or the caller may not see it.
    package func find(_ id: UUID, as access: Access) async throws -> TestLead? {
        try await session.run(Self.oneTestLead, ["id": .uuid(id)], as: access).first.map(TestLead.init)
    }

    static let storeTestLeads = Statement(
        "store_test_leads",
        """
        WITH stored AS (
            INSERT INTO switchyard.test_leads (id, workspace_id, status, destination_workspace_id, matched_rule_id,
                reason, content)
            SELECT u.id, w.id, u.status, u.destination, u.rule, u.reason, u.content::jsonb
            FROM public.workspaces w
            CROSS JOIN unnest(:ids::uuid[], :statuses::text[], :destinations::uuid[], :rules::uuid[], :reasons::text[],
                :contents::text[])
                u (id, status, destination, rule, reason, content)
            WHERE w.id = :workspace AND w.deleted_at IS NULL AND w.routing_suspended_at IS NULL
            RETURNING id
        ), removed AS (
            DELETE FROM switchyard.test_leads t WHERE t.workspace_id = :workspace AND t.id <= (
                SELECT o.id FROM switchyard.test_leads o WHERE o.workspace_id = :workspace
                ORDER BY o.id DESC OFFSET :kept LIMIT 1)
        )
        SELECT count(*) FROM stored
        """
    )
    static let listTestLeads = Statement(
        "list_test_leads",
        """
        SELECT \(TestLead.columns) FROM switchyard.test_leads t
        WHERE :workspace::uuid IS NULL OR t.workspace_id = :workspace
        ORDER BY t.id DESC LIMIT :limit
        """
    )
    static let oneTestLead = Statement(
        "one_test_lead",
        "SELECT \(TestLead.columns) FROM switchyard.test_leads t WHERE t.id = :id"
    )
}
