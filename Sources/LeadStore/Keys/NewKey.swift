package import Addresses
package import FoundationEssentials
package import Postgres

/// What a new API key may do.
package struct NewKey: Sendable, Hashable {
    /// The key's id.
    package var id: UUID
    /// Its workspace; nil for an administrator's key.
    package var workspaceID: UUID?
    /// Its name.
    package var name: String
    /// Its scopes.
    package var scopes: [String]
    /// The networks from which it may be used; empty: from everywhere.
    package var allowedNetworks: [IPNetwork]
    /// When it expires; nil for never.
    package var expiresAt: Timestamp?

    /// A key; by default it may be used from everywhere, and does not expire.
    package init(
        id: UUID,
        workspaceID: UUID?,
        name: String,
        scopes: [String],
        allowedNetworks: [IPNetwork] = [],
        expiresAt: Timestamp? = nil
    ) {
        self.id = id
        self.workspaceID = workspaceID
        self.name = name
        self.scopes = scopes
        self.allowedNetworks = allowedNetworks
        self.expiresAt = expiresAt
    }
}
