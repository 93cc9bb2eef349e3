package import FoundationEssentials
package import Postgres

/// A user with a password, as an administrator sees it.
package struct LocalUser: Sendable, Hashable {
    /// The user's id: the subject of the user's requests.
    package let id: UUID
    /// The address by which the user signs in.
    package let email: String
    /// When the user was invited.
    package let createdAt: Timestamp
    /// Whether the user has set a password.
    package let hasPassword: Bool
    /// Whether the user has a second factor.
    package let hasSecondFactor: Bool
    /// When an administrator has disabled the user; nil: the user may sign in.
    package let disabledAt: Timestamp?
    /// When the user was last seen, to the minute; nil: never.
    package let lastUsedAt: Timestamp?

    /// The columns that ``init(_:)`` reads, of `local_users u`.
    static let columns = """
        u.user_id, u.email, u.created_at, u.password_hash IS NOT NULL, u.totp_confirmed_at IS NOT NULL, u.disabled_at,
        (SELECT max(s.last_used_at) FROM switchyard.user_sessions s WHERE s.user_id = u.user_id)
        """

    init(_ row: Row) throws {
        id = try row.uuid(0)
        email = try row.string(1)
        createdAt = try row.timestamp(2)
        hasPassword = try row.bool(3)
        hasSecondFactor = try row.bool(4)
        disabledAt = try row.timestampIfPresent(5)
        lastUsedAt = try row.timestampIfPresent(6)
    }
}

/// What a sign-in is checked against.
///
/// Keep it out of logs.
package struct SignInRecord: Sendable {
    /// The user's id.
    package let id: UUID
    /// The user's address.
    package let email: String
    /// The stored password; nil: the invitation is not accepted.
    package let passwordHash: String?
    /// The secret of the second factor; nil without one.
    package let totpSecret: [UInt8]?
    /// The last step whose code was used.
    package let totpStep: Int64
    /// The number of the sessions that are valid.
    package let sessionEpoch: Int64
    /// Whether an administrator has disabled the user.
    package let isDisabled: Bool
    /// The time of the database, in seconds since 1970.
    package let seconds: Int64

    static let columns = """
        u.user_id, u.email, u.password_hash, CASE WHEN u.totp_confirmed_at IS NOT NULL THEN u.totp_secret END, u.totp_step,
        u.session_epoch, u.disabled_at IS NOT NULL, extract(epoch FROM now())::bigint
        """

    init(_ row: Row) throws {
        id = try row.uuid(0)
        email = try row.string(1)
        passwordHash = try row.stringIfPresent(2)
        totpSecret = try row.bytesIfPresent(3)
        totpStep = try row.int64(4)
        sessionEpoch = try row.int64(5)
        isDisabled = try row.bool(6)
        seconds = try row.int64(7)
    }
}
