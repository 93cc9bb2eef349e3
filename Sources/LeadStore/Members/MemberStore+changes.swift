package import FoundationEssentials
package import Postgres

/// A member of a workspace, as its owners see it.
package struct Member: Sendable, Hashable {
    /// The person.
    package let userID: UUID
    /// The person's role, as the table has it.
    package let role: String
    /// When the person became a member.
    package let createdAt: Timestamp
    /// The person's address, if it is known.
    package let email: String?
}

extension Member {
    /// The same member with another role.
    package init(_ member: Member, role: String) {
        self.init(userID: member.userID, role: role, createdAt: member.createdAt, email: member.email)
    }
}

/// The result of a change of a member.
package enum MemberChange: Sendable, Hashable {
    /// Done.
    case done
    /// There is no such member, or the member has another role than the caller has read.
    case notFound
    /// The workspace would have no owner.
    case lastOwner
    /// The caller's own role has changed meanwhile.
    case notAllowed
}

/// A person who changes members of a workspace, with the role by which the person may: checked again by the statement.
package struct MemberEditor: Sendable, Hashable {
    /// The person.
    package let userID: UUID
    /// The person's role in the workspace.
    package let role: String

    /// An editor.
    package init(userID: UUID, role: String) {
        self.userID = userID
        self.role = role
    }
}

extension MemberStore {
    /// The members of a workspace that the caller may see, oldest first.
    ///
    /// Which members there are is decided by the caller's access; their addresses are looked up for them.
    ///
    /// - Throws: `PostgresError`, if the database fails.
    package func list(of workspace: UUID, as access: Access) async throws -> [Member] {
        let rows = try await session.run(Self.membersOfWorkspace, ["workspace": .uuid(workspace)], as: access)
        let members = try rows.map { (try $0.uuid(0), try $0.stringIfPresent(1) ?? "", try $0.timestamp(2)) }
        let emails = try await session.pool.query(Self.emailsOfPersons, ["persons": .uuids(members.map(\.0))])
        let known = try Dictionary(emails.map { (try $0.uuid(0), try $0.string(1)) }) { first, _ in first }
        return members.map { Member(userID: $0.0, role: $0.1, createdAt: $0.2, email: known[$0.0]) }
    }

    /// Changes a member's role, or removes the member.
    ///
    /// The rows of the owners are locked, so that of two owners who remove each other one stays.
    ///
    /// - Parameters:
    ///   - person: the member.
    ///   - workspace: the workspace.
    ///   - old: the role that the member must have.
    ///   - role: the new role; nil removes the member.
    ///   - editor: the person who asks; nil for a key or an administrator.
    ///   - mayLeaveNoOwner: whether the last owner may go: an administrator's decision.
    /// - Returns: the result.
    /// - Throws: `PostgresError`, if the database fails.
    package func change(
        _ person: UUID,
        of workspace: UUID,
        from old: String,
        to role: String?,
        by editor: MemberEditor?,
        mayLeaveNoOwner: Bool
    ) async throws -> MemberChange {
        try await session.pool.withTransaction { connection in
            if let actor = session.actor { try await StoreSession.record(actor, on: connection) }
            let locked: Parameters = [
                "person": .uuid(person), "workspace": .uuid(workspace), "editor": .uuid(editor?.userID),
            ]
            // The rows as they are once they are locked.
            let rows = try await connection.query(Self.lockMembers, locked)
            let roles = try Dictionary(rows.map { (try $0.uuid(0), try $0.stringIfPresent(1) ?? "") }) { first, _ in
                first
            }
            if let editor, roles[editor.userID] != editor.role { return .notAllowed }
            guard roles[person] == old else { return .notFound }
            let hasOtherOwner = roles.contains { $0.key != person && $0.value == "owner" }
            guard hasOtherOwner || mayLeaveNoOwner || old != "owner" || role == "owner" else { return .lastOwner }
            if let role {
                let changed: Parameters = [
                    "person": .uuid(person), "workspace": .uuid(workspace), "role": .text(role),
                ]
                _ = try await connection.query(Self.setMemberRole, changed)
            } else {
                let removed: Parameters = ["person": .uuid(person), "workspace": .uuid(workspace)]
                _ = try await connection.query(Self.removeMember, removed)
            }
            return .done
        }
    }

    static let membersOfWorkspace = Statement(
        "members_of_workspace",
        """
        SELECT m.user_id, m.role::text, m.created_at FROM public.user_workspaces m WHERE m.workspace_id = :workspace
        ORDER BY m.created_at, m.user_id
        LIMIT \(mostMemberships)
        """
    )
    static let emailsOfPersons = Statement(
        "emails_of_persons",
        """
        SELECT p.id, coalesce(u.email, k.email::text) FROM unnest(:persons::uuid[]) p (id)
        LEFT JOIN switchyard.local_users u ON u.user_id = p.id LEFT JOIN public.users k ON k.id = p.id
        WHERE coalesce(u.email, k.email::text) IS NOT NULL
        """
    )
    static let lockMembers = Statement(
        "lock_members",
        """
        SELECT m.user_id, m.role::text FROM public.user_workspaces m
        WHERE m.workspace_id = :workspace AND (m.role::text = 'owner' OR m.user_id = :person OR m.user_id = :editor)
        ORDER BY m.user_id
        FOR UPDATE
        """
    )
    static let setMemberRole = Statement(
        "set_member_role",
        "UPDATE public.user_workspaces m SET role = :role WHERE m.user_id = :person AND m.workspace_id = :workspace"
    )
    static let removeMember = Statement(
        "remove_member",
        "DELETE FROM public.user_workspaces m WHERE m.user_id = :person AND m.workspace_id = :workspace"
    )
}
