package import FoundationEssentials
import Postgres

/// One line of a lead's log with the stored state of the decision.
package struct DecisionRecord: Sendable, Hashable {
    /// The log line.
    package var entry: HistoryEntry
    /// The state of caps and turns at the time of the decision, in a JSON object.
    package let metadata: String?
}

extension LeadsStore {
    /// The lines of a lead's log with the stored state of each decision, oldest first; empty if the caller may not see
    /// it.
    ///
    /// A lead has few lines; of more than a thousand the newest are returned.
    package func decisions(_ leadID: UUID, as access: Access) async throws -> [DecisionRecord] {
        try await log(Self.leadDecisions, Self.partOfDecisions, of: leadID, as: access)
            .map { row in
                DecisionRecord(
                    entry: try HistoryEntry(row),
                    metadata: try row.stringIfPresent(HistoryEntry.columnCount)
                )
            }
            .reversed()
    }

    static let leadDecisions = Statement("lead_decisions", decisionsOf + "\n" + newestFirst)
    static let partOfDecisions = Statement(
        "part_of_lead_decisions",
        decisionsOf + " AND id = ANY (:lines)\n" + newestFirst
    )

    private static let decisionsOf = """
        SELECT \(HistoryEntry.columns), metadata::text FROM public.lead_routing_logs WHERE lead_id = :lead
        """
    private static let newestFirst = "ORDER BY created_at DESC, id DESC LIMIT 1000"
}
