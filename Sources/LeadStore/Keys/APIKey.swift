package import Addresses
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
    /// Whether leads sent with it are a test.
    package let isTest: Bool
    /// Its name.
    package let name: String
    /// Its scopes.
    package let scopes: [String]
    /// The networks from which it may be used; empty: from everywhere.
    package let allowedNetworks: [IPNetwork]
    /// When it was created.
    package let createdAt: Timestamp
    /// When it was last used, to the minute.
    package let lastUsedAt: Timestamp?
    /// The address from which it was last used, if known.
    package let lastUsedAddress: IPAddress?
    /// When it expires.
    package let expiresAt: Timestamp?
    /// When it was revoked.
    package let revokedAt: Timestamp?
    /// The key that replaced it when it was rolled.
    package let replacedBy: UUID?

    /// The access of requests with this key.
    package var access: Access {
        workspaceID.map(Access.workspace) ?? .administrator
    }

    /// Whether it may be used from an address; one that is not known is in no network.
    package func allows(_ address: IPAddress?) -> Bool {
        guard !allowedNetworks.isEmpty else { return true }
        guard let address else { return false }
        return allowedNetworks.contains { $0.contains(address) }
    }

    /// The columns that ``init(_:)`` reads, of `api_keys k`.
    static let columns = """
        k.id, k.prefix::text, k.workspace_id, k.is_test, k.name::text, k.scopes, k.allowed_networks::text[], k.created_at,
        k.last_used_at, host(k.last_used_address), k.expires_at, k.revoked_at, k.replaced_by
        """
    /// How many columns there are.
    static let columnCount = 13

    init(_ row: Row) throws {
        id = try row.uuid(0)
        prefix = try row.string(1)
        workspaceID = try row.uuidIfPresent(2)
        isTest = try row.bool(3)
        name = try row.stringIfPresent(4) ?? ""
        scopes = try row.stringArray(5)
        // A network that cannot be read allows nothing, rather than everything.
        allowedNetworks = try row.stringArray(6).map { IPNetwork($0) ?? Self.nowhere }
        createdAt = try row.timestamp(7)
        lastUsedAt = try row.timestampIfPresent(8)
        lastUsedAddress = try row.stringIfPresent(9).flatMap { IPAddress($0) }
        expiresAt = try row.timestampIfPresent(10)
        revokedAt = try row.timestampIfPresent(11)
        replacedBy = try row.uuidIfPresent(12)
    }

    /// `::`, from which no packet comes.
    private static let nowhere = IPNetwork(IPAddress(high: 0, low: 0))
}
