import JSON
package import Postgres
package import RoutingRules

/// A stored workspace.
package struct WorkspaceRecord: Sendable, Hashable {
    /// The properties that routing needs.
    package let workspace: Workspace
    /// Since when it is suspended; nil if it is not.
    package let suspendedAt: Timestamp?
    /// When it was created.
    package let createdAt: Timestamp
    /// When it last changed.
    package let updatedAt: Timestamp?

    /// The version that a ``Precondition`` names.
    package var version: Timestamp { updatedAt ?? createdAt }

    /// The columns that ``init(_:)`` reads, of `workspaces w`.
    static let columns = """
        w.id, w.name::text, w.workspace_type::text, w.is_active, w.routing_paused_at IS NOT NULL,
        w.unmatched_policy::text, w.fallback_workspace_id, w.created_at::timestamptz, w.updated_at::timestamptz,
        w.capacity::text, w.routing_suspended_at, w.routing_suspended_reason
        """

    init(_ row: Row) throws {
        let policy: UnmatchedPolicy
        switch (try row.stringIfPresent(5), try row.uuidIfPresent(6)) {
        case ("fallback", let destination?): policy = .fallback(destination)
        case ("retry", _): policy = .retry
        default: policy = .keep
        }
        suspendedAt = try row.timestampIfPresent(10)
        workspace = Workspace(
            id: try row.uuid(0),
            name: try row.string(1),
            type: try row.stringIfPresent(2) ?? "partner",
            isActive: try row.boolIfPresent(3) ?? true,
            isPaused: try row.bool(4),
            suspension: suspendedAt == nil ? nil : try row.stringIfPresent(11) ?? "",
            unmatchedPolicy: policy,
            capacity: try row.stringIfPresent(9).map { WorkspaceCapacity(JSONValue(json: $0) ?? .null) }
        )
        createdAt = try row.timestamp(7)
        updatedAt = try row.timestampIfPresent(8)
    }
}
