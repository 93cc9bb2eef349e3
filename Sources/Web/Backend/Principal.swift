package import FoundationEssentials

/// What a key may do.
package enum Scope: String, Sendable, Hashable, CaseIterable {
    /// Send leads in.
    case leadsWrite = "leads:write"
    /// Read leads and their history.
    case leadsRead = "leads:read"
    /// Have a waiting lead routed now.
    case routingWrite = "routing:write"
    /// Erase people from leads; there is no way back.
    case leadsErase = "leads:erase"
    /// Change rules and agreements.
    case rulesWrite = "rules:write"
    /// Read rules and agreements.
    case rulesRead = "rules:read"
    /// Change workspaces.
    case workspacesWrite = "workspaces:write"
    /// Read workspaces.
    case workspacesRead = "workspaces:read"
    /// All of it.
    case admin
}

/// Who sends a request, as its key tells.
package struct Principal: Sendable, Hashable {
    /// What names it in the audit log and in logs: the id of the API key, or `service_role`.
    ///
    /// Not a secret.
    package let id: String
    /// The name that the key was given.
    package let name: String
    /// The workspace that the key belongs to; nil for an administrator.
    package let workspaceID: UUID?
    /// What the key may do.
    package let scopes: Set<Scope>

    /// A principal.
    package init(id: String, name: String, workspaceID: UUID?, scopes: Set<Scope>) {
        self.id = id
        self.name = name
        self.workspaceID = workspaceID
        self.scopes = scopes
    }

    /// Whether the key belongs to no workspace, and so sees all of them.
    package var isAdministrator: Bool { workspaceID == nil }

    /// Whether the key may do this.
    package func may(_ scope: Scope) -> Bool { scopes.contains(scope) || scopes.contains(.admin) }
}
