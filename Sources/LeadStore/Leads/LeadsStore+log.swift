import FoundationEssentials
import Postgres

extension LeadsStore {
    /// Lines of a lead's log that the caller may see.
    ///
    /// The row policy chooses the lines. Their texts are not granted to members, because they are written for each reader;
    /// so the server reads them.
    ///
    /// - Parameters:
    ///   - all: reads the lines of the lead.
    ///   - some: reads those of them whose ids are given.
    ///   - leadID: the lead.
    ///   - access: the caller's access.
    /// - Returns: the lines, in the order of the statement.
    /// - Throws: `PostgresError`, if the database fails.
    func log(_ all: Statement, _ some: Statement, of leadID: UUID, as access: Access) async throws -> Rows {
        guard access != .administrator else { return try await session.pool.query(all, ["lead": .uuid(leadID)]) }
        let lines = try await session.run(Self.visibleLines, ["lead": .uuid(leadID)], as: access)
            .map { try $0.int64(0) }
        return try await session.pool.query(some, ["lead": .uuid(leadID), "lines": .int64s(lines)])
    }

    static let visibleLines = Statement(
        "visible_log_lines",
        "SELECT id FROM public.lead_routing_logs WHERE lead_id = :lead"
    )
}
