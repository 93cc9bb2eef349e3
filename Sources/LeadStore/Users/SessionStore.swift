package import Addresses
package import FoundationEssentials
import Postgres

/// Sessions of local users.
///
/// A session is valid while it has not ended, is used every 12 hours, is younger than 14 days, and has its user's
/// number (`session_epoch`): raising that number ends all sessions of a user, those of a sign-in that is under way
/// included.
package struct SessionStore: Sendable {
    /// The connections, and the actor recorded with edits.
    package let session: StoreSession

    /// A store over a session.
    package init(_ session: StoreSession) {
        self.session = session
    }

    /// The valid session of a secret's hash; nil if there is none.
    ///
    /// Found by an index over the hash, which tells nothing about other secrets.
    ///
    /// - Throws: `PostgresError`, if the database fails.
    package func use(of hash: [UInt8]) async throws -> SessionInUse? {
        try await session.pool.query(Self.sessionByHash, ["hash": .bytes(hash)]).first.map(SessionInUse.init)
    }

    /// Writes that a session is used now; what was written within a minute is left.
    ///
    /// - Throws: `PostgresError`, if the database fails.
    package func note(_ id: UUID, from address: IPAddress?) async throws {
        _ = try await session.pool.query(
            Self.noteSessionUse,
            ["id": .uuid(id), "address": .text(address?.description)]
        )
    }

    /// Stores a session for a user, unless the user was disabled, or signed out everywhere, since the sign-in began.
    ///
    /// Deletes sessions of the user that ended a month ago.
    ///
    /// - Parameters:
    ///   - id: the session's id.
    ///   - user: the user.
    ///   - epoch: the number of the user's sessions when the password was read.
    ///   - hash: the hash of its secret.
    ///   - address: the client's address, if known.
    ///   - client: the client's name of itself.
    /// - Returns: the session; nil if it is not stored.
    /// - Throws: `PostgresError`, if the database fails.
    package func create(
        id: UUID,
        of user: UUID,
        epoch: Int64,
        hash: [UInt8],
        address: IPAddress?,
        client: String?
    ) async throws -> UserSession? {
        let parameters: Parameters = [
            "id": .uuid(id),
            "user": .uuid(user),
            "epoch": .int64(epoch),
            "hash": .bytes(hash),
            "address": .text(address?.description),
            "client": .text(client),
        ]
        return try await session.write(Self.insertSession, parameters, as: .administrator).first.map(UserSession.init)
    }

    /// The valid sessions of a user, newest first.
    ///
    /// - Throws: `PostgresError`, if the database fails.
    package func list(of user: UUID) async throws -> [UserSession] {
        try await session.pool.query(Self.sessionsOfUser, ["user": .uuid(user)]).map(UserSession.init)
    }

    /// Ends a valid session of a user; false if there is none.
    ///
    /// - Throws: `PostgresError`, if the database fails.
    package func end(_ id: UUID, of user: UUID) async throws -> Bool {
        let parameters: Parameters = ["id": .uuid(id), "user": .uuid(user)]
        return try await !session.write(Self.endSession, parameters, as: .administrator).isEmpty
    }

    /// Ends all sessions of a user.
    ///
    /// - Throws: `PostgresError`, if the database fails.
    package func endAll(of user: UUID) async throws {
        _ = try await session.write(Self.endAllSessions, ["user": .uuid(user)], as: .administrator)
    }

    static let sessionByHash = Statement(
        "session_by_hash",
        """
        SELECT s.id, s.user_id, u.email,
            extract(epoch FROM least(s.expires_at, now() + interval '\(UserSession.idleSeconds) seconds'))::bigint,
            s.last_used_at < now() - interval '1 minute'
        FROM switchyard.user_sessions s JOIN switchyard.local_users u ON u.user_id = s.user_id
        WHERE s.token_hash = :hash AND \(UserSession.isValid)
        """
    )
    static let noteSessionUse = Statement(
        "note_session_use",
        """
        UPDATE switchyard.user_sessions s SET last_used_at = now(), address = coalesce(:address::text::inet, s.address)
        WHERE s.id = :id AND s.last_used_at < now() - interval '1 minute'
        """
    )
    // The user's row is locked against a change of its number in between.
    static let insertSession = Statement(
        "insert_session",
        """
        WITH u AS (
            SELECT u.user_id, u.session_epoch FROM switchyard.local_users u
            WHERE u.user_id = :user AND u.session_epoch = :epoch AND u.disabled_at IS NULL
            FOR SHARE
        ), old AS (
            DELETE FROM switchyard.user_sessions s
            WHERE s.user_id = :user AND s.expires_at < now() - interval '30 days'
        ), s AS (
            INSERT INTO switchyard.user_sessions (id, user_id, token_hash, epoch, expires_at, address, client)
            SELECT :id, u.user_id, :hash, u.session_epoch, now() + interval '\(UserSession.longestSeconds) seconds', :address::text::inet,
                :client
            FROM u
            RETURNING *
        )
        SELECT \(UserSession.columns) FROM s
        """
    )
    static let sessionsOfUser = Statement(
        "sessions_of_user",
        """
        SELECT \(UserSession.columns)
        FROM switchyard.user_sessions s JOIN switchyard.local_users u ON u.user_id = s.user_id
        WHERE s.user_id = :user AND \(UserSession.isValid)
        ORDER BY s.created_at DESC, s.id
        LIMIT 1000
        """
    )
    static let endSession = Statement(
        "end_session",
        """
        UPDATE switchyard.user_sessions s SET ended_at = now() FROM switchyard.local_users u
        WHERE s.id = :id AND s.user_id = :user AND u.user_id = s.user_id AND \(UserSession.isValid)
        RETURNING s.id
        """
    )
    static let endAllSessions = Statement(
        "end_all_sessions",
        "UPDATE switchyard.local_users u SET session_epoch = u.session_epoch + 1 WHERE u.user_id = :user RETURNING u.user_id"
    )
}
