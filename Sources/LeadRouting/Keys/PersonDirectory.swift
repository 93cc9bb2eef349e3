package import Accounts
package import FoundationEssentials
package import LeadStore
import Synchronization

/// Finds the person of a session's token, with the person's memberships.
///
/// The signature is verified for every request. Memberships are looked up again after a second: a person who is removed
/// from a workspace has no access a second later. The policies of the database check the membership of every statement.
package final class PersonDirectory: Sendable {
    private struct Known {
        let memberships: [Membership]
        let until: ContinuousClock.Instant
    }

    /// How long memberships are taken for current.
    private static let lifetime = Duration.seconds(1)
    /// The most persons whose memberships are kept; beyond it they are dropped, and looked up again.
    private static let capacity = 10_000

    private let known = Mutex<[UUID: Known]>([:])
    private let verifier: SessionVerifier
    private let lookUp: @Sendable (UUID) async throws -> [Membership]
    private let seconds: @Sendable () -> Int64
    private let now: @Sendable () -> ContinuousClock.Instant

    /// A directory over a verifier and a function that looks memberships up, with its own clocks.
    ///
    /// - Parameters:
    ///   - verifier: verifies tokens.
    ///   - seconds: the time by which tokens expire, in seconds since 1970.
    ///   - now: the time by which memberships are looked up again.
    ///   - lookUp: returns the memberships of a person.
    package init(
        verifier: SessionVerifier,
        seconds: @escaping @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970) },
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        lookUp: @escaping @Sendable (UUID) async throws -> [Membership]
    ) {
        self.verifier = verifier
        self.seconds = seconds
        self.now = now
        self.lookUp = lookUp
    }

    /// The person of a token.
    ///
    /// - Throws: `TokenRefusal`; ``RequestError`` if the issuer's keys or the database cannot be reached.
    func person(of token: String) async throws -> Person {
        let claims: SessionClaims
        do {
            claims = try await verifier.claims(of: token, at: seconds())
        } catch is KeysUnavailable {
            throw RequestError.unavailable(reason: "The keys that sessions are verified with cannot be fetched.")
        }
        return Person(claims: claims, memberships: try await memberships(of: claims.subject))
    }

    private func memberships(of person: UUID) async throws -> [Membership] {
        let time = now()
        if let entry = known.withLock({ $0[person] }), time < entry.until { return entry.memberships }
        let memberships = try await mappingErrors { try await lookUp(person) }
        known.withLock { known in
            if known.count >= Self.capacity { known.removeAll(keepingCapacity: true) }
            known[person] = Known(memberships: memberships, until: time.advanced(by: Self.lifetime))
        }
        return memberships
    }
}
