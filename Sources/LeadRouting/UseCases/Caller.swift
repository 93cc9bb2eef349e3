import Accounts
package import FoundationEssentials
package import LeadStore
package import RoutingRules

/// The party that makes a request: an API key, a person with a session, or the operator at the command line.
package struct Caller: Sendable, Hashable {
    /// Its identifier in the audit log and in logs: the id of the API key, `user:` and
    /// the id of the person, `service_role`, or `command line`.
    ///
    /// Not a secret.
    package let id: String
    /// The name of the key; empty for a person.
    package let name: String
    /// The workspace that the key belongs to, or the person acts for; nil for an administrator.
    package let workspaceID: UUID?
    /// The scopes of the key, or of the person's role.
    package let scopes: Set<Scope>
    /// The id of the API key; nil for a caller without one of the store's keys.
    package let keyID: UUID?
    /// Whether its leads are a test: decided, and not stored as leads.
    package let isTest: Bool
    /// The role of a person; nil for a key.
    package let role: Role?
    /// The person; nil for a key.
    let personID: UUID?
    /// The claims of a person, as the policies of the database expect them; nil for a key and an administrator.
    private let claims: String?

    /// A caller.
    package init(
        id: String,
        name: String,
        workspaceID: UUID?,
        scopes: Set<Scope>,
        isTest: Bool = false,
        keyID: UUID? = nil
    ) {
        self.isTest = isTest
        self.keyID = keyID
        role = nil
        personID = nil
        claims = nil
        self.id = id
        self.name = name
        self.workspaceID = workspaceID
        self.scopes = scopes
    }

    /// A person who acts by a role in a workspace, or in every workspace if the role is one of the platform.
    init(_ person: Person, as role: Role, in workspace: UUID) {
        id = person.id
        name = ""
        workspaceID = role.isOfPlatform ? nil : workspace
        scopes = role.scopes
        isTest = false
        keyID = nil
        self.role = role
        personID = person.claims.subject
        claims = role.isOfPlatform ? nil : person.claims.forDatabase(actingFor: workspace)
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
    package var access: Access {
        guard let workspaceID else { return .administrator }
        return claims.map { .person(workspaceID, claims: $0) } ?? .workspace(workspaceID)
    }

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
        guard may(scope) else {
            guard let role else { throw RequestError.missingScope(scope) }
            throw RequestError.forbidden(
                "Your role, \(role.rawValue), lacks the scope \(scope.rawValue).",
                remedy: "Ask an owner of the workspace for a role that has it."
            )
        }
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
