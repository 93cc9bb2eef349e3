package import FoundationEssentials
import Postgres
package import RoutingRules

/// The access with which a statement runs.
package enum Access: Sendable, Hashable {
    /// The server itself, or a platform administrator: every row.
    case administrator
    /// A workspace's own key: only the rows that the policies show to that workspace.
    case workspace(UUID)
    /// A person who acts for a workspace: the rows that the policies show to that workspace while the person belongs to it.
    ///
    /// The claims are JSON, with the person as `sub` and the workspace as `switchyard_workspace_id`.
    case person(UUID, claims: String)

    /// The workspace that rows are limited to, or nil for an administrator.
    package var workspaceID: UUID? {
        switch self {
        case .administrator: nil
        case .workspace(let id), .person(let id, _): id
        }
    }
}

extension Access {
    /// The reader of what is written for this access.
    package var reader: TextReader { workspaceID.map(TextReader.workspace) ?? .administrator }
}

extension StoreSession {
    /// Runs one statement with a caller's access.
    ///
    /// For an administrator this is one pipelined statement. For a workspace or a person it is a transaction of four round trips:
    /// the role and the claims are set for that transaction only, so that a pooled connection keeps nothing. The same
    /// applies to a statement whose author is recorded.
    func run(
        _ statement: Statement,
        _ parameters: Parameters,
        as access: Access,
        recording actor: String? = nil
    ) async throws -> Rows {
        if access == .administrator, actor == nil { return try await pool.query(statement, parameters) }
        return try await pool.withTransaction { connection in
            if let actor { try await Self.record(actor, on: connection) }
            try await Self.become(access, on: connection)
            return try await connection.query(statement, parameters)
        }
    }

    /// Runs the rest of a transaction with a caller's access.
    static func become(_ access: Access, on connection: PostgresConnection) async throws {
        let claims: String
        switch access {
        case .administrator: return
        case .workspace(let id): claims = #"{"role":"authenticated","switchyard_workspace_id":"\#(id.text)"}"#
        case .person(_, let own): claims = own
        }
        _ = try await connection.query(Self.becomeWorkspace, ["claims": .text(claims)])
    }

    /// Sets the author and the action of the rule-set version that a transaction creates.
    ///
    /// - Parameters:
    ///   - actor: the author.
    ///   - action: the action; `edit` by default.
    ///   - note: the author's note.
    ///   - connection: a connection inside the transaction.
    /// - Throws: `PostgresError`, if the database fails.
    static func record(
        _ actor: String,
        _ action: RuleSetVersion.Action = .edit,
        note: String? = nil,
        on connection: PostgresConnection
    ) async throws {
        let parameters: Parameters = [
            "actor": .text(actor),
            "action": .text(action.rawValue),
            "note": .text(note ?? ""),
        ]
        _ = try await connection.query(Self.recordAuthor, parameters)
    }

    static let recordAuthor = Statement(
        "record_author",
        """
        SELECT set_config('switchyard.actor', :actor, true), set_config('switchyard.action', :action, true),
            set_config('switchyard.note', :note, true)
        """
    )

    /// `SET LOCAL ROLE authenticated` and the claims of a workspace's key or of a person, in one statement.
    static let becomeWorkspace = Statement(
        "become_workspace",
        """
        SELECT set_config('request.jwt.claims', :claims, true), set_config('role', 'authenticated', true)
        """
    )
}
