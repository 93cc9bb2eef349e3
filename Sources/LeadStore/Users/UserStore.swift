package import FoundationEssentials
import Postgres

/// Local users: people who sign in with a password.
package struct UserStore: Sendable {
    /// The connections, and the actor recorded with edits.
    package let session: StoreSession

    /// A store over a session.
    package init(_ session: StoreSession) {
        self.session = session
    }

    /// Whether there is a local user.
    ///
    /// - Throws: `PostgresError`, if the database fails.
    package func isEmpty() async throws -> Bool {
        try await session.pool.query(Self.hasUsers).first?.bool(0) != true
    }

    /// All local users, by address.
    ///
    /// - Throws: `PostgresError`, if the database fails.
    package func list() async throws -> [LocalUser] {
        try await session.pool.query(Self.listUsers).map(LocalUser.init)
    }

    /// One user, found by id or address; nil if there is none.
    ///
    /// - Throws: `PostgresError`, if the database fails.
    package func find(id: UUID? = nil, email: String? = nil) async throws -> LocalUser? {
        try await session.pool.query(Self.oneUser, ["id": .uuid(id), "email": .text(email)]).first.map(LocalUser.init)
    }

    /// What a sign-in is checked against, by address or id; nil if there is no such user.
    ///
    /// - Throws: `PostgresError`, if the database fails.
    package func signIn(id: UUID? = nil, email: String? = nil) async throws -> SignInRecord? {
        try await session.pool.query(Self.signInRecord, ["id": .uuid(id), "email": .text(email)]).first
            .map(SignInRecord.init)
    }

    /// Disables a user, which ends all of the user's sessions, or enables the user again.
    ///
    /// - Returns: the user; nil if there is none.
    /// - Throws: `PostgresError`, if the database fails.
    package func setDisabled(_ isDisabled: Bool, _ id: UUID) async throws -> LocalUser? {
        let parameters: Parameters = ["id": .uuid(id), "disabled": .bool(isDisabled)]
        return try await session.write(Self.setUserDisabled, parameters, as: .administrator).first.map(LocalUser.init)
    }

    /// Replaces a user's password, which ends all of the user's sessions but one.
    ///
    /// - Parameters:
    ///   - id: the user.
    ///   - old: the stored password that was verified.
    ///   - new: the new one.
    ///   - kept: the session that goes on.
    /// - Returns: false if the password was changed meanwhile.
    /// - Throws: `PostgresError`, if the database fails.
    package func setPassword(_ id: UUID, from old: String, to new: String, keeping kept: UUID) async throws -> Bool {
        let parameters: Parameters = [
            "id": .uuid(id), "old": .text(old), "new": .text(new), "session": .uuid(kept),
        ]
        return try await !session.write(Self.setUserPassword, parameters, as: .administrator).isEmpty
    }

    /// Stores the same password by other parameters.
    ///
    /// - Throws: `PostgresError`, if the database fails.
    package func rehash(_ id: UUID, from old: String, to new: String) async throws {
        let parameters: Parameters = ["id": .uuid(id), "old": .text(old), "new": .text(new)]
        _ = try await session.write(Self.rehashPassword, parameters, as: .administrator)
    }

    static let hasUsers = Statement("has_users", "SELECT EXISTS (SELECT FROM switchyard.local_users)")
    static let listUsers = Statement(
        "list_users",
        "SELECT \(LocalUser.columns) FROM switchyard.local_users u ORDER BY u.email"
    )
    static let oneUser = Statement(
        "one_user",
        "SELECT \(LocalUser.columns) FROM switchyard.local_users u WHERE u.user_id = :id OR u.email = :email"
    )
    static let signInRecord = Statement(
        "sign_in_record",
        "SELECT \(SignInRecord.columns) FROM switchyard.local_users u WHERE u.user_id = :id OR u.email = :email"
    )
    // Only a user whose state changes loses sessions.
    static let setUserDisabled = Statement(
        "set_user_disabled",
        """
        UPDATE switchyard.local_users u SET disabled_at = CASE WHEN :disabled THEN coalesce(u.disabled_at, now()) END,
            session_epoch = u.session_epoch + CASE WHEN :disabled AND u.disabled_at IS NULL THEN 1 ELSE 0 END
        WHERE u.user_id = :id
        RETURNING \(LocalUser.columns)
        """
    )
    static let setUserPassword = Statement(
        "set_user_password",
        """
        WITH u AS (
            UPDATE switchyard.local_users u
            SET password_hash = :new, password_changed_at = now(), session_epoch = u.session_epoch + 1
            WHERE u.user_id = :id AND u.password_hash = :old AND u.disabled_at IS NULL
            RETURNING u.user_id, u.session_epoch
        ), kept AS (
            UPDATE switchyard.user_sessions s SET epoch = u.session_epoch FROM u
            WHERE s.id = :session AND s.user_id = u.user_id AND s.ended_at IS NULL
        )
        SELECT u.user_id FROM u
        """
    )
    static let rehashPassword = Statement(
        "rehash_password",
        "UPDATE switchyard.local_users u SET password_hash = :new WHERE u.user_id = :id AND u.password_hash = :old"
    )
}
