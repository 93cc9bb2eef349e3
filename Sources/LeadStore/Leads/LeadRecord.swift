package import FoundationEssentials
package import Postgres
package import RoutingRules

/// A stored lead, with where it is and how it came there.
package struct LeadRecord: Sendable, Hashable {
    /// The lead's id.
    package var id: UUID
    /// Where the lead is now; nil for a lead of an older installation that is nowhere yet.
    package var workspaceID: UUID?
    /// The workspace of the partner that sent it.
    package var sourceWorkspaceID: UUID?
    /// What the partner sent.
    package var lead: Lead
    /// Its place in the state machine.
    package var status: LeadStatus
    /// How often it has been tried.
    package var attempts: Int
    /// Why the last attempt failed, in words that hold no personal data.
    package var error: String?
    /// The rule that matched.
    package var matchedRuleID: UUID?
    /// That rule's name now, if it still exists and the reader may see it.
    package var matchedRuleName: String?
    /// Whether a lead with the same identity came first.
    package var isDuplicate: Bool
    /// The lead that came first, if this one is a duplicate; nil too where the reader may not know which it is.
    package var duplicateOf: UUID?
    /// When it was stored.
    package var createdAt: Timestamp
    /// When any of it last changed.
    package var updatedAt: Timestamp?
    /// When it was routed.
    package var routedAt: Timestamp?
    /// When it expires unless it is routed before.
    package var expiresAt: Timestamp?
    /// The person to whom it is given.
    package var assigneeID: UUID?
    /// That person's name now.
    package var assigneeName: String?
    /// When what is known of the person was erased; nil: it was not.
    package var erasedAt: Timestamp?

    /// The columns that ``init(_:)`` reads, of `leads l` joined to `lead_routing_rules r`.
    static let columns = """
        l.id, l.workspace_id, l.source_workspace_id, l.email::text, l.phone::text, l.first_name::text,
        l.last_name::text, l.company_name::text, l.company_industry::text, l.company_size::text,
        l.company_revenue::text, l.company_location::text, l.source::text, l.source_id::text, l.metadata::text,
        l.routing_status::text, l.routing_attempts, l.routing_error::text, l.matched_rule_id, r.rule_name::text,
        l.duplicate_of, l.created_at::timestamptz, l.updated_at::timestamptz, l.routed_at,
        l.lead_expires_at::timestamptz, l.assignee_id,
        (SELECT a.name::text FROM public.workspace_assignees a WHERE a.id = l.assignee_id), l.erased_at
        """

    init(_ row: Row) throws {
        id = try row.uuid(0)
        workspaceID = try row.uuidIfPresent(1)
        sourceWorkspaceID = try row.uuidIfPresent(2)
        lead = try Lead(row, from: 3)
        status = LeadStatus(rawValue: try row.string(15)) ?? .pending
        attempts = try Int(row.int32(16))
        error = try row.stringIfPresent(17)
        matchedRuleID = try row.uuidIfPresent(18)
        matchedRuleName = try row.stringIfPresent(19)
        duplicateOf = try row.uuidIfPresent(20)
        isDuplicate = duplicateOf != nil
        createdAt = try row.timestamp(21)
        updatedAt = try row.timestampIfPresent(22)
        routedAt = try row.timestampIfPresent(23)
        expiresAt = try row.timestampIfPresent(24)
        assigneeID = try row.uuidIfPresent(25)
        assigneeName = try row.stringIfPresent(26)
        erasedAt = try row.timestampIfPresent(27)
    }
}
