import Accounts
package import FoundationEssentials
package import LeadStore
import RoutingRules

/// What an administrator may ask of local users.
package struct UserRequests: Sendable {
    let stores: Stores
    let directory: SessionDirectory

    /// A user after an invitation, and the link that the user needs.
    package struct Invited: Sendable {
        /// The user.
        package let userID: UUID
        /// The user's address, as it is stored.
        package let email: String
        /// The user's role in the workspace; nil without a workspace.
        package let role: String?
        /// The secret of the link, shown only now; nil for a user who has a password.
        ///
        /// Keep it out of logs.
        package let link: String?
    }

    /// All local users, by address.
    ///
    /// - Parameter caller: an administrator; `members:read`.
    /// - Returns: the users.
    /// - Throws: ``RequestError``.
    package func list(as caller: Caller) async throws -> [LocalUser] {
        try caller.requireAdministrator(.membersRead)
        return try await mappingErrors { try await stores.users.list() }
    }

    /// The user of an id or an address.
    ///
    /// - Throws: ``RequestError``; `.notFound`.
    package func find(_ idOrEmail: String, as caller: Caller) async throws -> LocalUser {
        try caller.requireAdministrator(.membersRead)
        return try await mappingErrors {
            let email = AccountText.email(idOrEmail)
            guard let user = try await stores.users.find(id: UUID(text: idOrEmail), email: email) else {
                throw Self.noSuchUser
            }
            return user
        }
    }

    /// Invites a user, new or known, and makes the user a member of a workspace.
    ///
    /// - Parameters:
    ///   - text: the email address.
    ///   - workspace: the workspace; nil for none.
    ///   - role: the role there; nil for none.
    ///   - caller: an administrator; `members:write`.
    /// - Returns: the user, with a link if the user has no password.
    /// - Throws: ``RequestError``; `.invalid` for a role that the workspace cannot have.
    package func invite(
        _ text: String,
        to workspace: UUID?,
        as role: Role?,
        by caller: Caller
    ) async throws -> Invited {
        try caller.requireAdministrator(.membersWrite)
        if let workspace {
            return try await MemberRequests(stores: stores).add(text, as: role ?? .member, to: workspace, by: caller)
        }
        guard role == nil else {
            throw RequestError.invalid([
                FieldProblem(
                    field: "/workspaceId",
                    message: "A role is one in a workspace.",
                    remedy: "Name the workspace, or omit the role."
                )
            ])
        }
        return try await MemberRequests.invite(text, to: nil, as: "member", by: caller, stores: stores)
    }

    /// Invites a platform administrator, to the platform's workspace, which is made if there is none.
    ///
    /// - Throws: ``RequestError``.
    package func inviteAdministrator(_ text: String, by caller: Caller) async throws -> Invited {
        try caller.requireAdministrator(.membersWrite)
        let workspaces = try await mappingErrors { try await stores.workspaces.list(as: caller.access) }
        let platform: UUID
        if let found = workspaces.first(where: { $0.workspace.type == "platform" }) {
            platform = found.workspace.id
        } else {
            var change = WorkspaceChange()
            change.name = "Platform"
            change.type = "platform"
            platform = try await WorkspaceRequests(stores: stores).create(change, as: caller).workspace.id
        }
        return try await invite(text, to: platform, as: .platformAdministrator, by: caller)
    }

    /// Disables a user, which ends all of the user's sessions, or enables the user again.
    ///
    /// - Throws: ``RequestError``; `.notFound`.
    package func setDisabled(_ isDisabled: Bool, _ id: UUID, by caller: Caller) async throws -> LocalUser {
        try caller.requireAdministrator(.membersWrite)
        let user = try await mappingErrors {
            try await stores.acting(as: caller.id).users.setDisabled(isDisabled, id)
        }
        directory.forget()
        guard let user else { throw Self.noSuchUser }
        return user
    }

    /// Makes a link by which a user sets a new password.
    ///
    /// The password, and the sessions, stay valid until the link is used.
    ///
    /// - Parameters:
    ///   - id: the user.
    ///   - removesSecondFactor: whether it removes the second factor too.
    ///   - caller: an administrator; `members:write`.
    /// - Returns: the secret of the link, shown only now. Keep it out of logs.
    /// - Throws: ``RequestError``; `.notFound`.
    package func reset(_ id: UUID, removesSecondFactor: Bool = false, by caller: Caller) async throws -> String {
        try caller.requireAdministrator(.membersWrite)
        let token = SecretToken.random(.link)
        let isAdded = try await mappingErrors {
            try await stores.acting(as: caller.id).users
                .addReset(of: id, link: UUID.new(), hash: token.hash, removesSecondFactor: removesSecondFactor)
        }
        guard isAdded else { throw Self.noSuchUser }
        return token.text
    }

    /// Makes a link by which the first administrator sets address and password; nil if there is a local user.
    ///
    /// - Throws: ``RequestError``.
    package func setUp(by caller: Caller) async throws -> String? {
        try caller.requireAdministrator(.membersWrite)
        let token = SecretToken.random(.link)
        return try await mappingErrors {
            guard try await stores.users.isEmpty() else { return nil }
            return try await stores.acting(as: caller.id).users.addSetup(link: UUID.new(), hash: token.hash)
                ? token.text : nil
        }
    }

    private static let noSuchUser = RequestError.notFound("This user does not exist.")
}
