package import Addresses
package import FoundationEssentials
package import Postgres

/// A session of a local user, without its secret.
package struct UserSession: Sendable, Hashable {
    /// How long a session lasts that is not used, in seconds: 12 hours.
    package static let idleSeconds: Int64 = 12 * 3600
    /// How long a session lasts in any case, in seconds: 14 days.
    package static let longestSeconds: Int64 = 14 * 86_400

    /// The session's id.
    package let id: UUID
    /// When the user signed in.
    package let createdAt: Timestamp
    /// When it was last used, to the minute.
    package let lastUsedAt: Timestamp
    /// When it ends, if it is not used before.
    package let expiresAt: Timestamp
    /// The address from which it was last used, if known.
    package let address: IPAddress?
    /// The client's name of itself, if it has sent one.
    package let client: String?

    /// Of `user_sessions s`.
    static let columns = """
        s.id, s.created_at, s.last_used_at, least(s.expires_at, s.last_used_at + interval '\(idleSeconds) seconds'), host(s.address),
        s.client
        """

    /// The condition under which a session `s` of a user `u` is valid.
    static let isValid = """
        s.ended_at IS NULL AND s.epoch = u.session_epoch AND s.expires_at > now()
        AND s.last_used_at > now() - interval '\(idleSeconds) seconds' AND u.disabled_at IS NULL
        """

    init(_ row: Row) throws {
        id = try row.uuid(0)
        createdAt = try row.timestamp(1)
        lastUsedAt = try row.timestamp(2)
        expiresAt = try row.timestamp(3)
        address = try row.stringIfPresent(4).flatMap { IPAddress($0) }
        client = try row.stringIfPresent(5)
    }
}

/// A valid session, and whose it is.
package struct SessionInUse: Sendable, Hashable {
    /// The session's id.
    package let id: UUID
    /// The user.
    package let userID: UUID
    /// The user's address.
    package let email: String
    /// When it ends unless it is used, in seconds since 1970.
    package let expiresAt: Int64
    /// Whether its last use was not written for a minute.
    package let isUseDue: Bool

    /// A session in use.
    package init(id: UUID, userID: UUID, email: String, expiresAt: Int64, isUseDue: Bool = false) {
        self.id = id
        self.userID = userID
        self.email = email
        self.expiresAt = expiresAt
        self.isUseDue = isUseDue
    }

    init(_ row: Row) throws {
        id = try row.uuid(0)
        userID = try row.uuid(1)
        email = try row.string(2)
        expiresAt = try row.int64(3)
        isUseDue = try row.bool(4)
    }
}
