import Accounts
package import FoundationEssentials
package import LeadStore
import RoutingRules

/// What owners and administrators of a workspace may ask of its members.
///
/// A caller gives and takes only roles whose scopes the caller has: so an administrator of a workspace makes and
/// removes no owner, and no workspace makes a platform administrator.
package struct MemberRequests: Sendable {
    let stores: Stores

    /// The members of a workspace, oldest first.
    ///
    /// - Parameters:
    ///   - workspace: the workspace.
    ///   - caller: an administrator, or the workspace; `members:read`.
    /// - Returns: the members.
    /// - Throws: ``RequestError``.
    package func list(of workspace: UUID, as caller: Caller) async throws -> [Member] {
        try caller.require(.membersRead)
        return try await mappingErrors {
            _ = try await find(workspace, as: caller)
            return try await stores.members.list(of: workspace, as: caller.access)
        }
    }

    /// Invites a person to a workspace.
    ///
    /// A person who is a member keeps the role, which must be the one that is asked for. A workspace cannot add a user
    /// of another workspace: the address is what that one typed, so an administrator decides.
    ///
    /// - Parameters:
    ///   - text: the email address.
    ///   - role: the role.
    ///   - workspace: the workspace.
    ///   - caller: an administrator, or the workspace; `members:write`.
    /// - Returns: the user, with a link if the user has no password.
    /// - Throws: ``RequestError``; `.conflict` for a user of another workspace, and a member with another role.
    package func add(
        _ text: String,
        as role: Role,
        to workspace: UUID,
        by caller: Caller
    ) async throws -> UserRequests.Invited {
        try caller.require(.membersWrite)
        try await check(role, in: workspace, by: caller)
        let invited = try await Self.invite(text, to: workspace, as: role.rawValue, by: caller, stores: stores)
        guard invited.role == role.rawValue else {
            throw RequestError.conflict(
                reason: "This person is a member with another role.",
                remedy: "Change the role with PATCH /api/workspaces/{id}/members/{userId}."
            )
        }
        return invited
    }

    /// Changes the role of a member.
    ///
    /// - Throws: ``RequestError``; `.notFound`, `.forbidden`, `.conflict` for the last owner.
    package func change(
        _ person: UUID,
        of workspace: UUID,
        to role: Role,
        by caller: Caller
    ) async throws -> Member {
        try caller.require(.membersWrite)
        try await check(role, in: workspace, by: caller)
        return try await apply(role, to: person, of: workspace, by: caller)
    }

    /// Removes a member; what the person may still read ends with the next statement.
    ///
    /// - Throws: ``RequestError``; `.notFound`, `.forbidden`, `.conflict` for the last owner.
    package func remove(_ person: UUID, of workspace: UUID, by caller: Caller) async throws {
        try caller.require(.membersWrite)
        _ = try await mappingErrors { try await find(workspace, as: caller) }
        _ = try await apply(nil, to: person, of: workspace, by: caller)
    }

    private func apply(_ role: Role?, to person: UUID, of workspace: UUID, by caller: Caller) async throws -> Member {
        try await mappingErrors {
            let members = try await stores.members.list(of: workspace, as: caller.access)
            guard let member = members.first(where: { $0.userID == person }) else { throw Self.noSuchMember }
            if let old = Role(rawValue: member.role) { try Self.check(old, by: caller) }
            let result = try await stores.acting(as: caller.id).members
                .change(
                    person,
                    of: workspace,
                    from: member.role,
                    to: role?.rawValue,
                    by: caller.editor,
                    mayLeaveNoOwner: caller.isAdministrator
                )
            switch result {
            case .done: return Member(member, role: role?.rawValue ?? member.role)
            case .notFound: throw Self.noSuchMember
            case .notAllowed: throw RequestError.forbidden("Your role in this workspace has changed.")
            case .lastOwner:
                throw RequestError.conflict(
                    reason: "The workspace would have no owner.",
                    remedy: "Make another member an owner first."
                )
            }
        }
    }

    /// Stores an invitation.
    static func invite(
        _ text: String,
        to workspace: UUID?,
        as role: String,
        by caller: Caller,
        stores: Stores
    ) async throws -> UserRequests.Invited {
        guard let email = AccountText.email(text) else {
            throw RequestError.invalid([
                FieldProblem(field: "/email", message: "This is not an email address.", remedy: "Send one address.")
            ])
        }
        let token = SecretToken.random(.link)
        do {
            let invitation = try await stores.acting(as: caller.id).users
                .invite(
                    email,
                    id: UUID.new(),
                    link: UUID.new(),
                    hash: token.hash,
                    to: workspace,
                    as: role,
                    isAlone: !caller.isAdministrator,
                    by: caller.editor
                )
            guard let invitation else { throw RequestError.noSuchWorkspace }
            return UserRequests.Invited(
                userID: invitation.userID,
                email: email,
                role: invitation.role,
                link: invitation.hasLink ? token.text : nil
            )
        } catch let error as StoreError where error.code == .conflict {
            throw RequestError.conflict(
                reason: "This address is a user's who does not belong to this workspace alone.",
                remedy: "Ask an administrator of the installation to add the user."
            )
        } catch {
            throw RequestError(cause: error) ?? error
        }
    }

    // MARK: - Checks

    private func check(_ role: Role, in workspace: UUID, by caller: Caller) async throws {
        let record = try await mappingErrors { try await find(workspace, as: caller) }
        guard Role(role.rawValue, inWorkspaceOfType: record.workspace.type) != nil else {
            throw RequestError.invalid([
                FieldProblem(
                    field: "/role",
                    message: "This role is one of the platform.",
                    remedy: "Give it in a workspace of the type platform."
                )
            ])
        }
        try Self.check(role, by: caller)
    }

    /// Refuses a role that may do more than the caller.
    private static func check(_ role: Role, by caller: Caller) throws {
        guard let missing = role.scopes.first(where: { !caller.may($0) }) else { return }
        throw RequestError.forbidden(
            "The role \(role.rawValue) has the scope \(missing.rawValue), which you do not have.",
            remedy: "Ask an owner of the workspace, or an administrator."
        )
    }

    private func find(_ workspace: UUID, as caller: Caller) async throws -> WorkspaceRecord {
        guard let record = try await stores.workspaces.find(workspace, as: caller.access) else {
            throw RequestError.noSuchWorkspace
        }
        return record
    }

    private static let noSuchMember = RequestError.notFound("This workspace has no such member.")
}

extension Caller {
    /// The person as the editor of members; nil for a key and an administrator.
    fileprivate var editor: MemberEditor? {
        guard let personID, let role, !role.isOfPlatform else { return nil }
        return MemberEditor(userID: personID, role: role.rawValue)
    }
}
