package import FoundationEssentials
package import LeadStore
package import RoutingRules

/// The party that makes a request: an API key, or the operator at the command line.
package struct Caller: Sendable, Hashable {
    /// Its identifier in the audit log and in logs: the id of the API key, `service_role`, or `command line`.
    ///
    /// Not a secret.
    package let id: String
    /// The name of the key.
    package let name: String
    /// The workspace that the key belongs to; nil for an administrator.
    package let workspaceID: UUID?
    /// The scopes of the key.
    package let scopes: Set<Scope>
    /// Whether its leads are a test: decided, and not stored as leads.
    package let isTest: Bool

    /// A caller.
    package init(id: String, name: String, workspaceID: UUID?, scopes: Set<Scope>, isTest: Bool = false) {
        self.isTest = isTest
        self.id = id
        self.name = name
        self.workspaceID = workspaceID
        self.scopes = scopes
    }

    /// The operator at the command line, with all scopes.
    package static let commandLine = Caller(
        id: "command line",
        name: "command line",
        workspaceID: nil,
        scopes: [.admin]
    )

    /// Whether the key belongs to no workspace, and so sees all of them.
    package var isAdministrator: Bool { workspaceID == nil }

    /// The access with which the store's statements run.
    package var access: Access { workspaceID.map(Access.workspace) ?? .administrator }

    /// The reader of what is written for the caller.
    package var reader: TextReader { access.reader }

    /// Whether the key has a scope.
    package func may(_ scope: Scope) -> Bool { scopes.contains(scope) || scopes.contains(.admin) }

    /// Refuses a key that lacks a scope, and every test key.
    ///
    /// Every use case begins with it, except the few for test leads.
    ///
    /// - Throws: ``RequestError/missingScope(_:)``, ``RequestError/forbidden(_:remedy:fields:)``.
    package func require(_ scope: Scope) throws {
        try requireLiveOrTest(scope)
        guard !isTest else {
            throw RequestError.forbidden(
                "A test key sends and reads test leads only.",
                remedy: "Use a live key, which begins with swy_live_."
            )
        }
    }

    /// Refuses a key that lacks a scope.
    ///
    /// A front end calls it before it reads a body, so that a key without the scope is refused first.
    ///
    /// - Throws: ``RequestError/missingScope(_:)``.
    package func requireLiveOrTest(_ scope: Scope) throws {
        guard may(scope) else { throw RequestError.missingScope(scope) }
    }

    /// Refuses every key except an administrator's.
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
