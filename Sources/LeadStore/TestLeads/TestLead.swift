import FoundationEssentials
package import JSON
package import Postgres
package import RoutingRules

/// A lead that a test key sent, and how it would have been routed.
package struct TestLead: Sendable {
    /// The outcome that a real lead would have had.
    package var outcome: RoutingOutcome
    /// When it was sent.
    package let createdAt: Timestamp
    /// Its values as a JSON object, without those that name a person or company, and without metadata.
    package let content: String

    static let columns = """
        t.id, t.status, t.destination_workspace_id, t.matched_rule_id, t.workspace_id, t.reason, t.created_at,
        t.content::text
        """

    init(_ row: Row) throws {
        var outcome = RoutingOutcome(
            leadID: try row.uuid(0),
            status: LeadStatus(rawValue: try row.string(1)) ?? .pending,
            destinationWorkspaceID: try row.uuidIfPresent(2),
            matchedRuleID: try row.uuidIfPresent(3),
            reason: RoutingText(stored: try row.string(5), source: try row.uuid(4))
        )
        outcome.isTest = true
        self.outcome = outcome
        createdAt = try row.timestamp(6)
        content = try row.string(7)
    }

    /// The values of a lead that are kept of a test.
    package static func content(of lead: Lead) -> JSONValue {
        [
            "industry": lead.industry.map(JSONValue.string) ?? .null,
            "companySize": lead.companySize.map(JSONValue.string) ?? .null,
            "revenue": lead.revenue.map(JSONValue.string) ?? .null,
            "country": lead.location?.country.map(JSONValue.string) ?? .null,
            "state": lead.location?.state.map(JSONValue.string) ?? .null,
            "source": lead.source.map(JSONValue.string) ?? .null,
            "sourceId": lead.sourceID.map(JSONValue.string) ?? .null,
        ]
    }
}
