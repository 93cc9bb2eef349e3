package import FoundationEssentials
package import Postgres
package import RoutingRules

/// A stored lead, with its workspace and its routing.
package struct LeadRecord: Sendable, Hashable {
    /// The lead's id.
    package var id: UUID
    /// The lead's workspace; nil for an unrouted lead of an older installation.
    package var workspaceID: UUID?
    /// The workspace of the partner that sent it.
    package var sourceWorkspaceID: UUID?
    /// The partner's values.
    package var lead: Lead
    /// Its status.
    package var status: LeadStatus
    /// The number of attempts.
    package var attempts: Int
    /// Why the last attempt failed, without personal data.
    package var error: RoutingText?
    /// The rule that matched.
    package var matchedRuleID: UUID?
    /// That rule's current name, if it still exists and the reader may see it.
    package var matchedRuleName: String?
    /// Whether an earlier lead has the same identity.
    package var isDuplicate: Bool
    /// The earlier lead, if this one is a duplicate; also nil if the reader may not see it.
    package var duplicateOf: UUID?
    /// When it was stored.
    package var createdAt: Timestamp
    /// When it last changed.
    package var updatedAt: Timestamp?
    /// When it was routed.
    package var routedAt: Timestamp?
    /// When it expires unless it is routed before.
    package var expiresAt: Timestamp?
    /// The person to whom it is assigned.
    package var assigneeID: UUID?
    /// That person's current name.
    package var assigneeName: String?
    /// When the person was erased; nil if not.
    package var erasedAt: Timestamp?

    /// The columns that ``init(_:)`` reads, of `leads l` joined to `lead_routing_rules r`.
    ///
    /// `duplicate_of` is not granted to members: a function gives them the earlier lead, if they may see it.
    static func columns(for access: Access) -> String {
        let duplicateOf = access == .administrator ? "l.duplicate_of" : "switchyard.visible_duplicate(l.id)"
        return """
            l.id, l.workspace_id, l.source_workspace_id, l.email::text, l.phone::text, l.first_name::text,
            l.last_name::text, l.company_name::text, l.company_industry::text, l.company_size::text,
            l.company_revenue::text, l.company_location::text, l.source::text, l.source_id::text, l.metadata::text,
            l.routing_status::text, l.routing_attempts, l.routing_error::text, l.matched_rule_id, r.rule_name::text,
            \(duplicateOf), l.created_at::timestamptz, l.updated_at::timestamptz, l.routed_at,
            l.lead_expires_at::timestamptz, l.assignee_id,
            (SELECT a.name::text FROM public.workspace_assignees a WHERE a.id = l.assignee_id), l.erased_at
            """
    }

    /// The earlier lead in place of one that the reader may not see.
    private static let hidden = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))

    init(_ row: Row) throws {
        id = try row.uuid(0)
        workspaceID = try row.uuidIfPresent(1)
        sourceWorkspaceID = try row.uuidIfPresent(2)
        lead = try Lead(row, from: 3)
        status = LeadStatus(rawValue: try row.string(15)) ?? .pending
        attempts = try Int(row.int32(16))
        error = try row.stringIfPresent(17)
            .map { [sourceWorkspaceID] in
                RoutingText(stored: $0, source: sourceWorkspaceID)
            }
        matchedRuleID = try row.uuidIfPresent(18)
        matchedRuleName = try row.stringIfPresent(19)
        let original = try row.uuidIfPresent(20)
        duplicateOf = original == Self.hidden ? nil : original
        isDuplicate = original != nil
        createdAt = try row.timestamp(21)
        updatedAt = try row.timestampIfPresent(22)
        routedAt = try row.timestampIfPresent(23)
        expiresAt = try row.timestampIfPresent(24)
        assigneeID = try row.uuidIfPresent(25)
        assigneeName = try row.stringIfPresent(26)
        erasedAt = try row.timestampIfPresent(27)
    }
}
