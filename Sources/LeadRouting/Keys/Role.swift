/// What a person is in a workspace, and so what the person may do: the one table of roles.
///
/// The roles of the platform count in a workspace of the type `platform` only: where an installation's own policies let
/// a workspace change its memberships, no workspace can make a platform administrator. A role that is not here may do
/// nothing.
package enum Role: String, Sendable, Hashable, CaseIterable {
    /// Answers for the workspace.
    case owner
    /// Runs the workspace.
    case admin
    /// Works with its leads.
    case member
    /// Reads.
    case viewer
    /// Sends leads, and reads what became of them.
    case partner
    /// Runs the installation: may do everything, in every workspace.
    case platformAdministrator = "platform_admin"
    /// Watches over routing in every workspace: reads, routes, retries and pauses.
    case `operator`

    /// The scopes of the role.
    package var scopes: Set<Scope> {
        switch self {
        case .owner: Set(Scope.allCases).subtracting([.admin])
        case .admin: Self.owner.scopes.subtracting([.leadsErase, .keysWrite])
        case .member: [.leadsWrite, .leadsRead, .rulesRead, .workspacesRead]
        case .viewer: [.leadsRead, .rulesRead, .workspacesRead]
        case .partner: [.leadsWrite, .leadsRead]
        case .platformAdministrator: Set(Scope.allCases)
        case .operator: [.leadsRead, .rulesRead, .workspacesRead, .routingWrite]
        }
    }

    /// The scopes of a workspace's key whose creator names none: of a program that sends leads and edits rules.
    ///
    /// It may not erase people, change the workspace or make keys.
    package static let scopesOfKey: Set<Scope> = Role.member.scopes.union([.rulesWrite, .routingWrite])

    /// Whether the role is one of the platform, and so acts in every workspace.
    package var isOfPlatform: Bool { self == .platformAdministrator || self == .operator }

    /// The role of a membership; nil if it is not known, or is one of the platform in another workspace than the
    /// platform's.
    package init?(_ name: String, inWorkspaceOfType type: String) {
        guard let role = Role(rawValue: name), !role.isOfPlatform || type == "platform" else { return nil }
        self = role
    }
}
