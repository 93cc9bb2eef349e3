package import FoundationEssentials
package import Postgres
import RoutingRules

/// A pause of routing, and the caller who started it.
package struct RoutingPause: Sendable, Hashable {
    /// The source whose leads wait; nil when all wait.
    package let workspaceID: UUID?
    /// Since when, by the database's clock.
    package let since: Timestamp
    /// The caller: the id of an API key, or `cli`.
    package let actor: String
    /// The operator's reason.
    package let reason: String?

    /// A pause.
    package init(workspaceID: UUID?, since: Timestamp, actor: String, reason: String?) {
        self.workspaceID = workspaceID
        self.since = since
        self.actor = actor
        self.reason = reason
    }
}

/// Pauses of routing, of one source or of all.
package struct PauseStore: Sendable {
    /// The connections, and the actor recorded with edits.
    package let session: StoreSession

    /// A store over a session.
    package init(_ session: StoreSession) {
        self.session = session
    }

    /// Pauses a source: its leads are still accepted, but wait undecided.
    ///
    /// A batch that was decided before, and is not being written yet, is decided again; one that is being written may
    /// still commit.
    ///
    /// - Parameters:
    ///   - workspace: the source; nil pauses all routing.
    ///   - reason: shown with the pause.
    ///   - actor: the caller, for the operators' log.
    /// - Returns: whether the pause is new.
    /// - Throws: `StoreError` for a workspace that does not exist.
    package func begin(of workspace: UUID?, reason: String?, actor: String) async throws -> Bool {
        if let workspace, try await WorkspaceStore(session).find(workspace, as: .administrator) == nil {
            throw StoreError.noSuchWorkspace("/workspaceId")
        }
        let parameters: Parameters = ["workspace": .uuid(workspace), "actor": .text(actor), "reason": .text(reason)]
        return try await session.run(Self.pause, parameters, as: .administrator, recording: actor).first?.bool(0)
            ?? false
    }

    /// Ends a pause; waiting leads are picked up within a second, oldest due first, in turns of the sources.
    ///
    /// - Parameters:
    ///   - workspace: the source; nil ends the pause of all routing, and keeps those of sources.
    ///   - actor: the caller, for the operators' log.
    /// - Returns: whether it was paused.
    /// - Throws: `PostgresError`, if the database fails.
    package func end(of workspace: UUID?, actor: String) async throws -> Bool {
        let parameters: Parameters = ["workspace": .uuid(workspace), "actor": .text(actor)]
        return try await session.run(Self.resume, parameters, as: .administrator, recording: actor).first?.bool(0)
            ?? false
    }

    /// The pauses that the caller may see, oldest first: a workspace's own and that of all routing.
    package func list(as access: Access) async throws -> [RoutingPause] {
        try await session.pool.query(Self.listPauses, ["workspace": .uuid(access.workspaceID)])
            .map { row in
                let workspace = try row.uuid(0)
                return RoutingPause(
                    workspaceID: workspace == RoutingPauses.allSources ? nil : workspace,
                    since: try row.timestamp(1),
                    actor: try row.string(2),
                    reason: try row.stringIfPresent(3)
                )
            }
    }

    static let pause = Statement(
        "pause_routing",
        "SELECT switchyard.pause_routing(:workspace, :actor, :reason)"
    )
    static let resume = Statement("resume_routing", "SELECT switchyard.resume_routing(:workspace, :actor)")
    static let listPauses = Statement(
        "routing_pauses",
        """
        SELECT workspace_id, paused_at, paused_by, reason FROM switchyard.routing_pauses
        WHERE :workspace::uuid IS NULL OR workspace_id IN (:workspace, '00000000-0000-0000-0000-000000000000')
        ORDER BY paused_at, workspace_id
        """
    )
}
