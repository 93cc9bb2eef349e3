import Accounts
package import FoundationEssentials
import LeadStore
import RoutingRules

/// What a caller is, and may do.
package struct Account: Sendable, Hashable {
    /// A workspace that the caller may act for.
    package struct Place: Sendable, Hashable {
        /// The workspace.
        package let id: UUID
        /// Its name.
        package let name: String
        /// The person's role there, as the installation calls it; nil for a key.
        package let role: String?
        /// The scopes there, in the order of ``Scope``; empty while it is suspended.
        package let scopes: [Scope]
        /// Whether an administrator has suspended it.
        package let isSuspended: Bool
    }

    /// Whether it is a person.
    package let isPerson: Bool
    /// The identifier in the audit log: `key:…`, `user:…`, `service_role`.
    package let id: String
    /// The name of the key; nil for a person.
    package let name: String?
    /// The person's address, if the session has one.
    package let email: String?
    /// When the session expires, in seconds since 1970; nil for a key.
    package let expiresAt: Int64?
    /// Whether it acts in every workspace.
    package let isAdministrator: Bool
    /// The workspace that it acts for in this request; nil for every one, or if it has to choose one.
    package let workspaceID: UUID?
    /// The scopes in this request, in the order of ``Scope``; empty if it has to choose a workspace.
    package let scopes: [Scope]
    /// The workspaces that it may act for.
    package let workspaces: [Place]
}

/// What callers may ask of themselves.
package struct AccountRequests: Sendable {
    let stores: Stores

    /// Who the caller is, with its workspaces and scopes; every valid key and session may ask.
    ///
    /// - Parameters:
    ///   - identity: the caller.
    ///   - workspace: the workspace that the request names; nil for none.
    /// - Returns: the account.
    /// - Throws: ``RequestError``; `.forbidden` for a workspace that the caller may not act for.
    package func account(of identity: Identity, actingFor workspace: UUID?) async throws -> Account {
        switch identity {
        case .key(let key):
            let caller = try identity.caller(actingFor: workspace)
            var places: [Account.Place] = []
            if let id = key.workspaceID,
                let record = try await mappingErrors({ try await stores.workspaces.find(id, as: .administrator) })
            {
                places = [
                    Account.Place(
                        id: id,
                        name: record.workspace.name,
                        role: nil,
                        scopes: Self.sorted(key.scopes),
                        isSuspended: record.suspendedAt != nil
                    )
                ]
            }
            return Self.account(caller, places)
        case .person(let person):
            let places = person.memberships.map(Self.place)
            // Who has to choose a workspace first asks which there are.
            let caller: Caller? =
                if let workspace { try identity.caller(actingFor: workspace) } else {
                    try? identity.caller(actingFor: nil)
                }
            return Self.account(person, caller, places)
        }
    }

    private static func place(_ membership: Membership) -> Account.Place {
        let role = Role(membership.role, inWorkspaceOfType: membership.workspaceType)
        return Account.Place(
            id: membership.workspaceID,
            name: membership.workspaceName,
            role: membership.role,
            scopes: membership.suspension == nil ? sorted(role?.scopes ?? []) : [],
            isSuspended: membership.suspension != nil
        )
    }

    private static func account(_ caller: Caller, _ places: [Account.Place]) -> Account {
        Account(
            isPerson: false,
            id: caller.id,
            name: caller.name,
            email: nil,
            expiresAt: nil,
            isAdministrator: caller.isAdministrator,
            workspaceID: caller.workspaceID,
            scopes: sorted(caller.scopes),
            workspaces: places
        )
    }

    private static func account(_ person: Person, _ caller: Caller?, _ places: [Account.Place]) -> Account {
        Account(
            isPerson: true,
            id: person.id,
            name: nil,
            email: person.claims.email,
            expiresAt: person.claims.expiresAt,
            isAdministrator: caller?.isAdministrator ?? false,
            workspaceID: caller?.workspaceID,
            scopes: sorted(caller?.scopes ?? []),
            workspaces: places
        )
    }

    private static func sorted(_ scopes: Set<Scope>) -> [Scope] { Scope.allCases.filter(scopes.contains) }
}
