package import FoundationEssentials
package import Postgres

/// One line of a lead's audit log.
package struct HistoryEntry: Sendable, Hashable {
    /// What happened: `success`, `unmatched`, `fallback`, `duplicate`, `retry`, `failed`, `expired`, `released`,
    /// `requeued`, `waiting` or `returned`.
    package let result: String
    /// The reason, in one sentence.
    package let reason: String?
    /// The error, if it failed.
    package let errorMessage: String?
    /// The source workspace.
    package let sourceWorkspaceID: UUID?
    /// The destination workspace.
    package let destinationWorkspaceID: UUID?
    /// The rule that matched.
    package let matchedRuleID: UUID?
    /// The earlier lead, for a duplicate; also nil if the reader may not see it.
    package var duplicateOf: UUID?
    /// The number of the attempt, from 1.
    package let attempt: Int?
    /// The rule-set version of the decision.
    package let ruleSetVersion: Int64?
    /// The caller that requested it, if any.
    package let actor: String?
    /// When it was committed, by the database's clock.
    package let createdAt: Timestamp

    /// The columns that ``init(_:)`` reads, of `lead_routing_logs`.
    static let columns = """
        routing_result::text, reason::text, error_message::text, source_workspace_id, destination_workspace_id,
        matched_rule_id, duplicate_of, attempt::int, rule_set_version, actor::text, created_at
        """
    /// The number of those columns.
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
    /// The log of a lead, oldest line first; empty if the caller may not see it.
    ///
    /// A lead has few lines; at most a thousand are returned.
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
