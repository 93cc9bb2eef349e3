package import FoundationEssentials
import Postgres
import RoutingRules

/// On whose behalf a statement runs.
package enum Access: Sendable, Hashable {
    /// The server itself, or a platform administrator: every row.
    case administrator
    /// A workspace's own key: what the row policies show to that workspace, and nothing else.
    case workspace(UUID)

    /// The workspace that rows are limited to, or nil for an administrator.
    package var workspaceID: UUID? {
        switch self {
        case .administrator: nil
        case .workspace(let id): id
        }
    }
}

extension LeadStore {
    /// Runs one statement on behalf of somebody.
    ///
    /// For an administrator this is one pipelined statement. For a workspace it is a transaction of four round trips:
    /// the role and the claims are set for that transaction only, so that a pooled connection carries nothing over.
    func run(_ statement: Statement, _ parameters: Parameters, as access: Access) async throws -> Rows {
        switch access {
        case .administrator:
            try await pool.query(statement, parameters)
        case .workspace(let id):
            try await pool.withTransaction { connection in
                var claims = Parameters()
                claims.append(#"{"role":"authenticated","switchyard_workspace_id":"\#(id.text)"}"#)
                _ = try await connection.query(Self.becomeWorkspace, claims)
                return try await connection.query(statement, parameters)
            }
        }
    }

    /// `SET LOCAL ROLE authenticated` and the claims of a workspace's key, in one statement.
    private static let becomeWorkspace = Statement(
        "become_workspace",
        """
        SELECT set_config('request.jwt.claims', $1, true), set_config('role', 'authenticated', true)
        """
    )
}
