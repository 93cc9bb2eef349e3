package import FoundationEssentials
import Postgres

/// Something that refers to a workspace, and would change with its deletion.
package struct WorkspaceReference: Sendable, Hashable {
    /// The kinds of references.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        /// An active rule sends leads to the workspace, alone or in a pool.
        case rule
        /// Unmatched leads of a workspace go to it.
        case fallback
        /// An agreement names it as the sender or the receiver.
        case agreement
        /// Leads of the workspace wait to be routed.
        case waitingLeads
    }

    /// The kind of reference.
    package let kind: Kind
    /// The name of the rule or the other workspace; empty for waiting leads.
    package let name: String
    /// How many of them: 1, or the number of waiting leads, counted up to 1,000.
    package let count: Int64
}

extension WorkspaceStore {
    /// What refers to a workspace, by kind and name; 200 at most.
    package func references(to id: UUID) async throws -> [WorkspaceReference] {
        try await session.pool.query(Self.findReferences, ["id": .uuid(id)])
            .compactMap { row in
                guard let kind = WorkspaceReference.Kind(rawValue: try row.string(0)) else { return nil }
                return WorkspaceReference(kind: kind, name: try row.string(1), count: try row.int64(2))
            }
    }

    /// Restores a workspace that was deleted within the last 30 days: it is active again, and so are its keys.
    ///
    /// - Returns: the workspace, or nil if none of that id was deleted within 30 days.
    package func restore(_ id: UUID, as access: Access) async throws -> WorkspaceRecord? {
        try Self.requireAdministrator(access)
        return try await session.write(Self.restoreWorkspace, ["id": .uuid(id)], as: access).first
            .map(WorkspaceRecord.init)
    }

    static let findReferences = Statement(
        "workspace_references",
        """
        SELECT x.kind, x.name, x.number FROM (
            SELECT 'rule' AS kind, coalesce(r.rule_name::text, r.id::text) AS name, 1::bigint AS number, 1 AS place
            FROM public.lead_routing_rules r LEFT JOIN public.workspaces o ON o.id = r.workspace_id
            WHERE r.is_active AND o.deleted_at IS NULL AND r.workspace_id IS DISTINCT FROM :id
                AND (r.destination_workspace_id = :id OR strpos(r.distribution::text, (:id)::text) > 0)
            UNION ALL
            SELECT 'fallback', w.name::text, 1, 2 FROM public.workspaces w
            WHERE w.fallback_workspace_id = :id AND w.unmatched_policy = 'fallback' AND w.deleted_at IS NULL AND w.id <> :id
            UNION ALL
            SELECT 'agreement', w.name::text, 1, 3
            FROM public.routing_agreements a
            JOIN public.workspaces w ON w.deleted_at IS NULL
                AND w.id = CASE WHEN a.receiving_workspace_id = :id THEN a.sending_workspace_id ELSE a.receiving_workspace_id END
            WHERE :id IN (a.receiving_workspace_id, a.sending_workspace_id)
            UNION ALL
            SELECT 'waitingLeads', '', q.number, 4
            FROM (SELECT count(*) AS number FROM (
                SELECT FROM public.lead_routing_queue q WHERE q.workspace_id = :id LIMIT 1000) q) q
            WHERE q.number > 0
        ) x
        ORDER BY x.place, x.name
        LIMIT 200
        """
    )
    static let restoreWorkspace = Statement(
        "restore_workspace",
        """
        UPDATE public.workspaces AS w
        SET deleted_at = NULL, is_active = true,
            updated_at = greatest(clock_timestamp(), w.updated_at + interval '1 microsecond')
        WHERE w.id = :id AND w.deleted_at > now() - interval '30 days'
        RETURNING \(WorkspaceRecord.columns)
        """
    )
}
