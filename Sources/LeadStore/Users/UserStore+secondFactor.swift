package import FoundationEssentials
import Postgres

extension UserStore {
    /// Stores the secret of a second factor that is not confirmed yet; false if the user has a confirmed one.
    ///
    /// - Throws: `PostgresError`, if the database fails.
    package func beginSecondFactor(_ id: UUID, secret: [UInt8]) async throws -> Bool {
        let parameters: Parameters = ["id": .uuid(id), "secret": .bytes(secret)]
        return try await !session.write(Self.setTOTPSecret, parameters, as: .administrator).isEmpty
    }

    /// The secret that waits for its first code, with the time of the database in seconds since 1970; nil without one.
    ///
    /// - Throws: `PostgresError`, if the database fails.
    package func unconfirmedSecret(of id: UUID) async throws -> (secret: [UInt8], seconds: Int64)? {
        guard let row = try await session.pool.query(Self.unconfirmedTOTPSecret, ["id": .uuid(id)]).first else {
            return nil
        }
        return (try row.bytes(0), try row.int64(1))
    }

    /// Confirms a second factor by the step of its first code.
    ///
    /// - Parameters:
    ///   - id: the user.
    ///   - secret: the secret whose code was right.
    ///   - step: the step of the code.
    ///   - hashes: the hashes of the recovery codes.
    /// - Returns: false if the secret was replaced, or confirmed, meanwhile.
    /// - Throws: `PostgresError`, if the database fails.
    package func confirmSecondFactor(
        _ id: UUID,
        secret: [UInt8],
        step: Int64,
        recoveryHashes hashes: [[UInt8]]
    ) async throws -> Bool {
        var parameters: Parameters = ["id": .uuid(id), "secret": .bytes(secret), "step": .int64(step)]
        parameters.append("hashes", bytes: hashes.indices) { hashes[$0] }
        return try await !session.write(Self.confirmTOTP, parameters, as: .administrator).isEmpty
    }

    /// Removes a user's second factor; false if there is none.
    ///
    /// - Throws: `PostgresError`, if the database fails.
    package func removeSecondFactor(_ id: UUID) async throws -> Bool {
        try await !session.write(Self.removeTOTP, ["id": .uuid(id)], as: .administrator).isEmpty
    }

    /// Uses a code of a step: of two requests with the same code, one gets true.
    ///
    /// - Throws: `PostgresError`, if the database fails.
    package func useCode(_ id: UUID, step: Int64) async throws -> Bool {
        let parameters: Parameters = ["id": .uuid(id), "step": .int64(step)]
        return try await !session.write(Self.useTOTPStep, parameters, as: .administrator).isEmpty
    }

    /// Uses a recovery code: of two requests with the same code, one gets true.
    ///
    /// - Throws: `PostgresError`, if the database fails.
    package func useRecoveryCode(_ id: UUID, hash: [UInt8]) async throws -> Bool {
        let parameters: Parameters = ["id": .uuid(id), "hash": .bytes(hash)]
        return try await !session.write(Self.useRecoveryHash, parameters, as: .administrator).isEmpty
    }

    static let setTOTPSecret = Statement(
        "set_totp_secret",
        """
        UPDATE switchyard.local_users u SET totp_secret = :secret
        WHERE u.user_id = :id AND u.totp_confirmed_at IS NULL
        RETURNING u.user_id
        """
    )
    static let unconfirmedTOTPSecret = Statement(
        "unconfirmed_totp_secret",
        """
        SELECT u.totp_secret, extract(epoch FROM now())::bigint FROM switchyard.local_users u
        WHERE u.user_id = :id AND u.totp_secret IS NOT NULL AND u.totp_confirmed_at IS NULL
        """
    )
    static let confirmTOTP = Statement(
        "confirm_totp",
        """
        UPDATE switchyard.local_users u SET totp_confirmed_at = now(), totp_step = :step, recovery_hashes = :hashes
        WHERE u.user_id = :id AND u.totp_secret = :secret AND u.totp_confirmed_at IS NULL
        RETURNING u.user_id
        """
    )
    static let removeTOTP = Statement(
        "remove_totp",
        """
        UPDATE switchyard.local_users u
        SET totp_secret = NULL, totp_confirmed_at = NULL, totp_step = 0, recovery_hashes = '{}'
        WHERE u.user_id = :id AND u.totp_secret IS NOT NULL
        RETURNING u.user_id
        """
    )
    static let useTOTPStep = Statement(
        "use_totp_step",
        """
        UPDATE switchyard.local_users u SET totp_step = :step
        WHERE u.user_id = :id AND u.totp_step < :step
        RETURNING u.user_id
        """
    )
    static let useRecoveryHash = Statement(
        "use_recovery_hash",
        """
        UPDATE switchyard.local_users u SET recovery_hashes = array_remove(u.recovery_hashes, :hash::bytea)
        WHERE u.user_id = :id AND :hash::bytea = ANY (u.recovery_hashes)
        RETURNING u.user_id
        """
    )
}
