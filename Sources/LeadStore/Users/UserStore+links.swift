package import FoundationEssentials
import Postgres

/// A one-time link that is valid now.
package struct UserLink: Sendable, Hashable {
    /// Whose password it sets; nil: it makes the first administrator.
    package let userID: UUID?
    /// The user's address; nil for the first administrator, who names one.
    package let email: String?
}

/// The result of an invitation.
package struct Invitation: Sendable, Hashable {
    /// The user.
    package let userID: UUID
    /// The role that the user has in the workspace now; nil without a workspace.
    package let role: String?
    /// Whether the link was stored: it is not for a user who has a password.
    package let hasLink: Bool
}

extension UserStore {
    /// How long an invitation, and the link of the first administrator, is valid, in seconds: 7 days, and one.
    package static let invitationSeconds: Int64 = 7 * 86_400
    /// How long a link that resets a password is valid, in seconds: a day.
    package static let resetSeconds: Int64 = 86_400

    /// Invites a user, new or known, and makes the user a member of a workspace.
    ///
    /// A known user keeps the role that the user has in the workspace. A user who has no password gets a link; older
    /// links of the user end.
    ///
    /// - Parameters:
    ///   - email: the address, as ``SignInRecord/email`` is spelt.
    ///   - id: the id of a new user.
    ///   - link: the id of the link.
    ///   - hash: the hash of its secret.
    ///   - workspace: the workspace; nil for none.
    ///   - role: the role there.
    ///   - isAlone: whether a known user must belong to no other workspace: a workspace must not get a link by which it
    ///     could act in another.
    ///   - editor: the person who invites; nil for a key or an administrator.
    /// - Returns: the invitation; nil if the workspace is closed, or the editor has another role there now.
    /// - Throws: ``StoreError`` `.conflict` for a user of another workspace, and if two invitations of the same new
    ///   user meet; `PostgresError`.
    package func invite(
        _ email: String,
        id: UUID,
        link: UUID,
        hash: [UInt8],
        to workspace: UUID?,
        as role: String,
        isAlone: Bool = false,
        by editor: MemberEditor? = nil
    ) async throws -> Invitation? {
        let parameters: Parameters = [
            "email": .text(email), "id": .uuid(id), "link": .uuid(link), "hash": .bytes(hash),
            "workspace": .uuid(workspace), "role": .text(role), "alone": .bool(isAlone),
            "editor": .uuid(editor?.userID), "editor_role": .text(editor?.role),
        ]
        let rows = try await session.write(
            Self.inviteUser,
            parameters,
            as: .administrator,
            fields: ["local_users_email_key": "/email"]
        )
        guard let row = rows.first else { return nil }
        return Invitation(userID: try row.uuid(0), role: try row.stringIfPresent(1), hasLink: try row.bool(2))
    }

    /// Stores a link that sets a user's password; older links of the user end.
    ///
    /// - Parameters:
    ///   - user: the user.
    ///   - link: the id of the link.
    ///   - hash: the hash of its secret.
    ///   - removesSecondFactor: whether it removes the second factor too.
    /// - Returns: false if there is no such user.
    /// - Throws: `PostgresError`, if the database fails.
    package func addReset(
        of user: UUID,
        link: UUID,
        hash: [UInt8],
        removesSecondFactor: Bool
    ) async throws -> Bool {
        let parameters: Parameters = [
            "user": .uuid(user), "link": .uuid(link), "hash": .bytes(hash), "removes_totp": .bool(removesSecondFactor),
        ]
        return try await !session.write(Self.insertResetLink, parameters, as: .administrator).isEmpty
    }

    /// Stores a link that makes the first administrator; false if there is a local user.
    ///
    /// - Throws: `PostgresError`, if the database fails.
    package func addSetup(link: UUID, hash: [UInt8]) async throws -> Bool {
        let parameters: Parameters = ["link": .uuid(link), "hash": .bytes(hash)]
        return try await !session.write(Self.insertSetupLink, parameters, as: .administrator).isEmpty
    }

    /// The valid link of a secret's hash; nil if there is none.
    ///
    /// - Throws: `PostgresError`, if the database fails.
    package func link(of hash: [UInt8]) async throws -> UserLink? {
        guard let row = try await session.pool.query(Self.linkByHash, ["hash": .bytes(hash)]).first else { return nil }
        return UserLink(userID: try row.uuidIfPresent(0), email: try row.stringIfPresent(1))
    }

    /// Uses a link: sets its user's password, and ends the user's sessions and other links.
    ///
    /// - Returns: the user; nil if the link was used, replaced or over meanwhile.
    /// - Throws: `PostgresError`, if the database fails.
    package func useLink(_ hash: [UInt8], password: String) async throws -> UUID? {
        let parameters: Parameters = ["hash": .bytes(hash), "password": .text(password)]
        return try await session.write(Self.useUserLink, parameters, as: .administrator).first?.uuid(0)
    }

    /// Uses the link of the first administrator: of several links and requests, one gets an administrator.
    ///
    /// The administrator's workspace is the oldest of the type `platform`, or a new one.
    ///
    /// - Parameters:
    ///   - hash: the hash of the link's secret.
    ///   - email: the administrator's address.
    ///   - id: the administrator's id.
    ///   - workspace: the id of the workspace, if there is none of the platform.
    ///   - password: the stored password.
    /// - Returns: false if the link was used or is over.
    /// - Throws: `PostgresError`, if the database fails.
    package func useSetup(
        _ hash: [UInt8],
        email: String,
        id: UUID,
        workspace: UUID,
        password: String
    ) async throws -> Bool {
        let parameters: Parameters = [
            "hash": .bytes(hash), "email": .text(email), "id": .uuid(id), "workspace": .uuid(workspace),
            "password": .text(password),
        ]
        return try await !session.write(Self.useSetupLink, parameters, as: .administrator).isEmpty
    }

    // The row of a known user is locked, so that of two invitations at once one replaces the other's link.
    static let inviteUser = Statement(
        "invite_user",
        """
        WITH place AS (
            SELECT w.id FROM public.workspaces w
            WHERE w.id = :workspace AND w.deleted_at IS NULL AND (:editor::uuid IS NULL OR EXISTS (SELECT FROM public.user_workspaces m
                WHERE m.user_id = :editor AND m.workspace_id = w.id AND m.role::text = :editor_role))
        ), known AS (
            SELECT u.user_id, u.password_hash IS NULL AS needs_link FROM switchyard.local_users u
            WHERE u.email = :email AND (NOT :alone OR NOT EXISTS (SELECT FROM public.user_workspaces m
                WHERE m.user_id = u.user_id AND m.workspace_id <> :workspace))
            FOR UPDATE
        ), added AS (
            INSERT INTO switchyard.local_users (user_id, email)
            SELECT :id, :email WHERE NOT EXISTS (SELECT FROM known) AND (:workspace::uuid IS NULL OR EXISTS (SELECT FROM place))
            RETURNING user_id
        ), person AS (
            INSERT INTO public.users (id, email) SELECT a.user_id, :email FROM added a ON CONFLICT (id) DO NOTHING
        ), target AS (
            SELECT k.user_id, k.needs_link FROM known k WHERE :workspace::uuid IS NULL OR EXISTS (SELECT FROM place)
            UNION ALL SELECT a.user_id, true FROM added a
        ), member AS (
            INSERT INTO public.user_workspaces (user_id, workspace_id, role) SELECT t.user_id, p.id, :role FROM target t, place p
            ON CONFLICT (user_id, workspace_id) DO NOTHING
            RETURNING role
        ), replaced AS (
            UPDATE switchyard.user_links l SET used_at = now() FROM target t
            WHERE l.user_id = t.user_id AND t.needs_link AND l.used_at IS NULL
        ), link AS (
            INSERT INTO switchyard.user_links (id, user_id, token_hash, expires_at)
            SELECT :link, t.user_id, :hash, now() + interval '\(invitationSeconds) seconds' FROM target t WHERE t.needs_link
        )
        SELECT t.user_id, coalesce((SELECT m.role FROM member m), (SELECT m.role::text FROM public.user_workspaces m
            WHERE m.user_id = t.user_id AND m.workspace_id = :workspace)), t.needs_link
        FROM target t
        """
    )
    static let insertResetLink = Statement(
        "insert_reset_link",
        """
        WITH u AS (
            SELECT u.user_id FROM switchyard.local_users u WHERE u.user_id = :user FOR UPDATE
        ), replaced AS (
            UPDATE switchyard.user_links l SET used_at = now() FROM u WHERE l.user_id = u.user_id AND l.used_at IS NULL
        )
        INSERT INTO switchyard.user_links (id, user_id, token_hash, removes_totp, expires_at)
        SELECT :link, u.user_id, :hash, :removes_totp, now() + interval '\(resetSeconds) seconds' FROM u
        RETURNING id
        """
    )
    static let insertSetupLink = Statement(
        "insert_setup_link",
        """
        WITH old AS (
            DELETE FROM switchyard.user_links l WHERE l.user_id IS NULL AND l.expires_at < now()
        )
        INSERT INTO switchyard.user_links (id, token_hash, expires_at)
        SELECT :link, :hash, now() + interval '\(resetSeconds) seconds' WHERE NOT EXISTS (SELECT FROM switchyard.local_users)
        RETURNING id
        """
    )
    static let linkByHash = Statement(
        "link_by_hash",
        """
        SELECT l.user_id, u.email FROM switchyard.user_links l LEFT JOIN switchyard.local_users u ON u.user_id = l.user_id
        WHERE l.token_hash = :hash AND l.used_at IS NULL AND l.expires_at > now() AND u.disabled_at IS NULL
        """
    )
    static let useUserLink = Statement(
        "use_user_link",
        """
        WITH link AS (
            UPDATE switchyard.user_links l SET used_at = now() FROM switchyard.local_users u
            WHERE l.token_hash = :hash AND l.used_at IS NULL AND l.expires_at > now() AND u.user_id = l.user_id
                AND u.disabled_at IS NULL
            RETURNING l.user_id, l.removes_totp
        )
        UPDATE switchyard.local_users u SET password_hash = :password, password_changed_at = now(), session_epoch = u.session_epoch + 1,
            totp_secret = CASE WHEN NOT l.removes_totp THEN u.totp_secret END,
            totp_confirmed_at = CASE WHEN NOT l.removes_totp THEN u.totp_confirmed_at END,
            recovery_hashes = CASE WHEN l.removes_totp THEN '{}' ELSE u.recovery_hashes END
        FROM link l
        WHERE u.user_id = l.user_id
        RETURNING u.user_id
        """
    )
    // All links of first administrators are used at once. So a second transaction waits for the first, and finds none.
    static let useSetupLink = Statement(
        "use_setup_link",
        """
        WITH used AS (
            UPDATE switchyard.user_links l SET used_at = now()
            WHERE l.user_id IS NULL AND l.used_at IS NULL AND EXISTS (SELECT FROM switchyard.user_links p
                WHERE p.token_hash = :hash AND p.user_id IS NULL AND p.used_at IS NULL AND p.expires_at > now())
            RETURNING l.token_hash
        ), added AS (
            INSERT INTO switchyard.local_users (user_id, email, password_hash, password_changed_at)
            SELECT :id, :email, :password, now() FROM used s
            WHERE s.token_hash = :hash AND NOT EXISTS (SELECT FROM switchyard.local_users)
            RETURNING user_id
        ), person AS (
            INSERT INTO public.users (id, email) SELECT a.user_id, :email FROM added a ON CONFLICT (id) DO NOTHING
        ), known AS (
            SELECT w.id FROM public.workspaces w WHERE w.workspace_type = 'platform' AND w.deleted_at IS NULL
            ORDER BY w.created_at, w.id LIMIT 1
        ), made AS (
            INSERT INTO public.workspaces (id, name, workspace_type)
            SELECT :workspace, 'Platform', 'platform' FROM added WHERE NOT EXISTS (SELECT FROM known)
            RETURNING id
        )
        INSERT INTO public.user_workspaces (user_id, workspace_id, role)
        SELECT a.user_id, coalesce((SELECT k.id FROM known k), (SELECT m.id FROM made m)), 'platform_admin' FROM added a
        RETURNING user_id
        """
    )
}
