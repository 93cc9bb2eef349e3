package import FoundationEssentials
package import Postgres

/// One line of a lead's audit log.
package struct HistoryEntry: Sendable, Hashable {
    /// What happened: `success`, `unmatched`, `fallback`, `duplicate`, `retry`, `failed`, `expired`, `released`,
    /// `requeued`, `waiting` or `returned`.
    package let result: String
    /// Why, in one sentence.
    package let reason: String?
    /// What went wrong, if something did.
    package let errorMessage: String?
    /// Where the lead came from.
    package let sourceWorkspaceID: UUID?
    /// Where it went.
    package let destinationWorkspaceID: UUID?
    /// The rule that matched.
    package let matchedRuleID: UUID?
    /// The lead that came first, for a duplicate; nil too where the reader may not know which it is.
    package var duplicateOf: UUID?
    /// Which attempt this was, from 1.
    package let attempt: Int?
    /// The rules it was decided under.
    package let ruleSetVersion: Int64?
    /// The caller that asked for it, if any.
    package let actor: String?
    /// When it was committed, by the database's clock.
    package let createdAt: Timestamp

    /// The columns that ``init(_:)`` reads, of `lead_routing_logs`.
    static let columns = """
        routing_result::text, reason::text, error_message::text, source_workspace_id, destination_workspace_id,
        matched_rule_id, duplicate_of, attempt::int, rule_set_version, actor::text, created_at
        """
    /// How many those are.
    static let columnCount = 11

    init(_ row: Row) throws {
        result = try row.string(0)
        reason = try row.stringIfPresent(1)
        errorMessage = try row.stringIfPresent(2)
        sourceWorkspaceID = try row.uuidIfPresent(3)
        destinationWorkspaceID = try row.uuidIfPresent(4)
        matchedRuleID = try row.uuidIfPresent(5)
        duplicateOf = try row.uuidIfPresent(6)
        attempt = try row.int32IfPresent(7).map(Int.init)
        ruleSetVersion = try row.int64IfPresent(8)
        actor = try row.stringIfPresent(9)
        createdAt = try row.timestamp(10)
    }
}

extension LeadsStore {
    /// What happened to a lead, oldest first; empty if the caller may not see it.
    ///
    /// A lead has a handful of lines; more than a thousand are cut off.
    package func history(_ leadID: UUID, as access: Access) async throws -> [HistoryEntry] {
        try await session.run(Self.leadHistory, ["lead": .uuid(leadID)], as: access)
            .map(HistoryEntry.init)
    }

    static let leadHistory = Statement(
        "lead_history",
        """
        SELECT \(HistoryEntry.columns)
        FROM public.lead_routing_logs
        WHERE lead_id = :lead
        ORDER BY created_at, id
        LIMIT 1000
        """
    )
}
