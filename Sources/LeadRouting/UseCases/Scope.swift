/// What a key may do.
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
    /// All of it.
    case admin

    /// The scopes of a key whose creator names none: all for an administrator; a workspace's key may not erase people.
    package static func defaults(isAdministrator: Bool) -> [Scope] {
        isAdministrator
            ? allCases : [.leadsWrite, .leadsRead, .rulesWrite, .rulesRead, .workspacesRead, .routingWrite]
    }
}
