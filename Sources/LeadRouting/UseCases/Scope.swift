/// What a key or a person may do; ``Role`` lists the scopes of each role.
package enum Scope: String, Sendable, Hashable, CaseIterable {
    /// Send leads in.
    case leadsWrite = "leads:write"
    /// Read leads and their history.
    case leadsRead = "leads:read"
    /// Change rules and agreements.
    case rulesWrite = "rules:write"
    /// Read rules and agreements.
    case rulesRead = "rules:read"
    /// Change workspaces.
    case workspacesWrite = "workspaces:write"
    /// Read workspaces.
    case workspacesRead = "workspaces:read"
    /// Route a waiting lead now, retry leads, pause routing.
    case routingWrite = "routing:write"
    /// Erase people from leads; cannot be undone.
    case leadsErase = "leads:erase"
    /// Read the keys of a workspace, without their secrets.
    case keysRead = "keys:read"
    /// Create, roll and revoke keys; those of a workspace's key have no more scopes than it has.
    case keysWrite = "keys:write"
    /// Read the members of a workspace.
    case membersRead = "members:read"
    /// Invite, change and remove members; to roles with no more scopes than the caller has.
    case membersWrite = "members:write"
    /// Read who changed what in a workspace.
    case auditRead = "audit:read"
    /// All of it.
    case admin

    /// The scopes of a key whose creator names none: all for an administrator; a workspace's key may not erase people,
    /// and makes no keys.
    package static func defaults(isAdministrator: Bool) -> [Scope] {
        let scopes = isAdministrator ? Role.platformAdministrator.scopes : Role.scopesOfKey
        return allCases.filter(scopes.contains)
    }
}
