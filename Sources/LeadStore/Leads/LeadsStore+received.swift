package import FoundationEssentials
package import Postgres

extension LeadsStore {
    /// When a workspace last received a lead of another one; nil if none of its newest 10,000 leads came from another.
    package func lastReceived(by workspace: UUID) async throws -> Timestamp? {
        try await session.pool.query(Self.newestReceived, ["workspace": .uuid(workspace)]).first?.timestampIfPresent(0)
    }

    static let newestReceived = Statement(
        "newest_received",
        """
        SELECT max(coalesce(l.routed_at, l.created_at::timestamptz))
        FROM (
            SELECT l.routed_at, l.created_at, l.source_workspace_id FROM public.leads l
            WHERE l.workspace_id = :workspace
            ORDER BY l.created_at DESC LIMIT 10000
        ) l
        WHERE l.source_workspace_id IS DISTINCT FROM :workspace
        """
    )
}
