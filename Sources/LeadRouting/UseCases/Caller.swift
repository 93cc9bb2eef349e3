package import FoundationEssentials
package import LeadStore

/// The party that makes a request: an API key, or the operator at the command line.
package struct Caller: Sendable, Hashable {
    /// What names it in the audit log and in logs: the id of the API key, `service_role`, or `command line`.
    ///
    /// Not a secret.
    package let id: String
    /// The name that the key was given.
    package let name: String
    /// The workspace that the key belongs to; nil for an administrator.
    package let workspaceID: UUID?
    /// What the key may do.
    package let scopes: Set<Scope>

    /// A caller.
    package init(id: String, name: String, workspaceID: UUID?, scopes: Set<Scope>) {
        self.id = id
        self.name = name
        self.workspaceID = workspaceID
        self.scopes = scopes
    }

    /// The operator at the command line, who may do everything.
    package static let commandLine = Caller(
        id: "command line",
        name: "command line",
        workspaceID: nil,
        scopes: [.admin]
    )

    /// Whether the key belongs to no workspace, and so sees all of them.
    package var isAdministrator: Bool { workspaceID == nil }

    /// On whose behalf the store's statements run.
    package var access: Access { workspaceID.map(Access.workspace) ?? .administrator }

    /// Whether the key may do this.
    package func may(_ scope: Scope) -> Bool { scopes.contains(scope) || scopes.contains(.admin) }

    /// Refuses a key that lacks a scope.
    ///
    /// Every use case begins with it. A front end that reads a body first calls it before, so that a key that may not do
    /// something is refused before its body is read.
    ///
    /// - Throws: ``RequestError/missingScope(_:)``.
    package func require(_ scope: Scope) throws {
        guard may(scope) else { throw RequestError.missingScope(scope) }
    }

    /// Refuses every key but an administrator's, and an administrator's that lacks a scope.
    ///
    /// - Throws: ``RequestError/missingScope(_:)``, ``RequestError/forbidden(_:remedy:fields:)``.
    package func requireAdministrator(_ scope: Scope) throws {
        try require(scope)
        guard isAdministrator else {
            throw RequestError.forbidden(
                "This request needs an administrator's key.",
                remedy: "Use an administrator's key."
            )
        }
    }
}
