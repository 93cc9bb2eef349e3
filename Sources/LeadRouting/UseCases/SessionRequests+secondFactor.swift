import Accounts
package import Addresses
import FoundationEssentials
import LeadStore
import RoutingRules

extension SessionRequests {
    /// A secret for an authenticator app.
    package struct NewFactor: Sendable {
        /// The secret, to type in.
        package let secret: String
        /// The address for a QR code.
        package let address: String
    }

    /// Starts a second factor; it counts once ``confirmSecondFactor(_:code:)`` has its first code.
    ///
    /// - Throws: ``RequestError``: `.wrongCredentials` for a wrong password, `.conflict` with a confirmed one.
    package func beginSecondFactor(
        _ identity: Identity,
        password: String,
        from address: IPAddress?
    ) async throws -> NewFactor {
        let (person, _) = try Self.own(identity)
        let record = try await confirm(person, password: password, from: address)
        let factor = TimeCode.random()
        try await mappingErrors {
            let isStored = try await stores.acting(as: person.id).users
                .beginSecondFactor(record.id, secret: factor.secret)
            guard isStored else { throw Self.hasFactor }
        }
        return NewFactor(
            secret: factor.text,
            address: factor.address(account: record.email, issuer: "Switchyard")
        )
    }

    /// Confirms a second factor by its first code.
    ///
    /// - Returns: the recovery codes, shown only now.
    /// - Throws: ``RequestError``: `.invalid` for a wrong code, `.conflict` if none was started.
    package func confirmSecondFactor(_ identity: Identity, code: String) async throws -> [String] {
        let (person, _) = try Self.own(identity)
        let user = person.claims.subject
        return try await mappingErrors {
            guard let (secret, seconds) = try await stores.users.unconfirmedSecret(of: user) else {
                throw RequestError.conflict(
                    reason: "No second factor waits for its first code.",
                    remedy: "Start one with POST /api/me/totp."
                )
            }
            let digits = code.filter { $0 != " " }
            guard let step = TimeCode(secret: secret).step(of: digits, at: seconds, after: 0) else {
                throw RequestError.invalid([
                    FieldProblem(
                        field: "/code",
                        message: "This is not the code of now.",
                        remedy: "Send the six digits that the app shows; check the clock of its device."
                    )
                ])
            }
            let codes = RecoveryCode.random()
            let isConfirmed = try await stores.acting(as: person.id).users
                .confirmSecondFactor(user, secret: secret, step: step, recoveryHashes: codes.map(\.hash))
            guard isConfirmed else { throw Self.hasFactor }
            return codes.map(\.text)
        }
    }

    /// Removes the second factor.
    ///
    /// - Throws: ``RequestError``: `.wrongCredentials` for a wrong password, `.notFound` without one.
    package func removeSecondFactor(_ identity: Identity, password: String, from address: IPAddress?) async throws {
        let (person, _) = try Self.own(identity)
        let record = try await confirm(person, password: password, from: address)
        try await mappingErrors {
            guard try await stores.acting(as: person.id).users.removeSecondFactor(record.id) else {
                throw RequestError.notFound("You have no second factor.")
            }
        }
    }

    private static let hasFactor = RequestError.conflict(
        reason: "You have a second factor already.",
        remedy: "Remove it first, with DELETE /api/me/totp."
    )
}
