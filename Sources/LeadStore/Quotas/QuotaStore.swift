package import FoundationEssentials
import JSON
import Postgres

/// Quotas of workspaces.
///
/// The database checks them in the statement that exceeds one (`31_workspace_quotas.sql`), so that two requests that
/// each fit cannot exceed a quota together.
package struct QuotaStore: Sendable {
    /// The connections, and the actor recorded with edits.
    package let session: StoreSession

    /// A store over a session.
    package init(_ session: StoreSession) {
        self.session = session
    }

    /// The quotas of a workspace and their use; nil for one that does not exist.
    package func find(of workspace: UUID) async throws -> WorkspaceQuotas? {
        try await session.pool.query(Self.quotasOfWorkspace, ["workspace": .uuid(workspace)]).first
            .map { row in
                WorkspaceQuotas(
                    lines: try Quota.allCases.enumerated()
                        .map { number, quota in
                            WorkspaceQuotas.Line(
                                quota: quota,
                                limit: Int(try row.int32(number)),
                                use: Int(clamping: try row.int64(Quota.allCases.count + number))
                            )
                        }
                )
            }
    }

    /// Sets quotas of a workspace, or of the installation.
    ///
    /// - Parameters:
    ///   - changes: the quotas to set; nil takes a workspace's quota back to that of the installation.
    ///   - workspace: the workspace; nil for the installation.
    /// - Throws: `StoreError` for a quota that is not allowed; `PostgresError`, if the database fails.
    package func set(_ changes: [Quota: Int?], of workspace: UUID?) async throws {
        let members = Quota.allCases.compactMap { quota -> JSONValue.Member? in
            guard let value = changes[quota] else { return nil }
            return .init(quota.column, value.map { .number(String($0)) } ?? .null)
        }
        let parameters: Parameters = [
            "workspace": .uuid(workspace ?? RuleSetVersion.platform), "changes": .json(JSONValue.object(members).json),
        ]
        _ = try await session.write(Self.setQuotas, parameters, as: .administrator)
    }

    private static let columns = Quota.allCases.map(\.column)

    static let quotasOfWorkspace = Statement(
        "quotas_of_workspace",
        """
        SELECT \(columns.map { "q.\($0)" }.joined(separator: ", ")),
            s.rules, s.largest, s.comparisons, s.patterns, s.pools,
            (SELECT count(*) FROM switchyard.golden_leads g WHERE g.workspace_id = w.id),
            (SELECT count(*) FROM public.workspace_assignees a WHERE a.workspace_id = w.id),
            coalesce((SELECT octet_length(d.document::text)::bigint FROM switchyard.rule_set_drafts d WHERE d.owner = w.id), 0),
            coalesce((SELECT b.spent FROM switchyard.rate_buckets b WHERE b.policy = 2 AND b.subject = w.id
                AND b.window_start = \(RatePolicy.workspace.currentWindow)), 0),
            coalesce((SELECT max(b.spent) FROM switchyard.rate_buckets b JOIN switchyard.api_keys k ON k.id = b.subject
                WHERE b.policy = 1 AND k.workspace_id = w.id AND b.window_start = \(RatePolicy.key.currentWindow)), 0),
            coalesce((SELECT b.spent FROM switchyard.rate_buckets b WHERE b.policy = 4 AND b.subject = w.id
                AND b.window_start = \(RatePolicy.leads.currentWindow)), 0)
        FROM public.workspaces w
        CROSS JOIN LATERAL switchyard.quotas_of(w.id) q
        CROSS JOIN LATERAL (
            SELECT count(*) AS rules, coalesce(max(z.comparisons), 0)::bigint AS largest,
                coalesce(sum(z.comparisons), 0)::bigint AS comparisons, coalesce(sum(z.patterns), 0)::bigint AS patterns,
                count(*) FILTER (WHERE z.has_pool) AS pools
            FROM switchyard.rule_sizes z WHERE z.workspace_id = w.id
        ) s
        WHERE w.id = :workspace AND w.deleted_at IS NULL
        """
    )
    static let setQuotas = Statement(
        "set_quotas",
        """
        INSERT INTO switchyard.workspace_quotas AS q (workspace_id, \(columns.joined(separator: ", ")))
        SELECT :workspace, \(columns.map { "n.\($0)" }.joined(separator: ", "))
        FROM jsonb_populate_record(NULL::switchyard.workspace_quotas, :changes) n
        ON CONFLICT (workspace_id) DO UPDATE SET
            \(columns.map { "\($0) = CASE WHEN :changes::jsonb ? '\($0)' THEN excluded.\($0) ELSE q.\($0) END" }
                .joined(separator: ",\n    "))
        """
    )
}
