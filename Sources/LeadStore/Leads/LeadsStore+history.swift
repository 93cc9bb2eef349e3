package import FoundationEssentials
package import Postgres
package import RoutingRules

/// One line of a lead's audit log.
package struct HistoryEntry: Sendable, Hashable {
    /// What happened: `success`, `unmatched`, `fallback`, `duplicate`, `retry`, `failed`, `expired`, `released`,
    /// `requeued`, `waiting` or `returned`.
    package let result: String
    /// The reason, in one sentence.
    package var reason: RoutingText?
    /// The error, if it failed.
    package var errorMessage: RoutingText?
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
        let source = try row.uuidIfPresent(3)
        // Only a decision of this server mentions objects; a reason of a return is a person's, as it is.
        let isOurs = try row.int64IfPresent(8) != nil && result != "returned"
        func text(_ stored: String) -> RoutingText {
            isOurs ? RoutingText(stored: stored, source: source) : .verbatim(stored)
        }
        reason = try row.stringIfPresent(1).map(text)
        errorMessage = try row.stringIfPresent(2).map(text)
        sourceWorkspaceID = source
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
        try await log(Self.leadHistory, Self.partOfHistory, of: leadID, as: access).map(HistoryEntry.init)
    }

    static let leadHistory = Statement("lead_history", linesOf + "\n" + oldestFirst)
    static let partOfHistory = Statement("part_of_lead_history", linesOf + " AND id = ANY (:lines)\n" + oldestFirst)

    private static let linesOf = "SELECT \(HistoryEntry.columns) FROM public.lead_routing_logs WHERE lead_id = :lead"
    private static let oldestFirst = "ORDER BY created_at, id LIMIT 1000"
}
