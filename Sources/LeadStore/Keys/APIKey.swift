package import FoundationEssentials
package import Postgres

/// An API key, without its secret.
package struct APIKey: Sendable, Hashable {
    /// The key's id.
    package let id: UUID
    /// The part of the token that identifies it; not secret.
    package let prefix: String
    /// Its workspace; nil for an administrator's key.
    package let workspaceID: UUID?
    /// Its name.
    package let name: String
    /// Its scopes.
    package let scopes: [String]
    /// When it was created.
    package let createdAt: Timestamp
    /// When it was last used, to the minute.
    package let lastUsedAt: Timestamp?
    /// When it expires.
    package let expiresAt: Timestamp?
    /// When it was revoked.
    package let revokedAt: Timestamp?

    /// The access of requests with this key.
    package var access: Access {
        workspaceID.map(Access.workspace) ?? .administrator
    }

    static let columns = """
        id, prefix::text, workspace_id, name::text, scopes, created_at, last_used_at, expires_at, revoked_at
        """

    init(_ row: Row) throws {
        id = try row.uuid(0)
        prefix = try row.string(1)
        workspaceID = try row.uuidIfPresent(2)
        name = try row.stringIfPresent(3) ?? ""
        scopes = try row.stringArray(4)
        createdAt = try row.timestamp(5)
        lastUsedAt = try row.timestampIfPresent(6)
        expiresAt = try row.timestampIfPresent(7)
        revokedAt = try row.timestampIfPresent(8)
    }
}
