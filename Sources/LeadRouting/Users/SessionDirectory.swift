import Accounts
package import Addresses
package import FoundationEssentials
package import LeadStore
import Synchronization

/// Finds the person of a local user's session, with the person's memberships.
///
/// Both are looked up again after a second, so that a session which has ended, or a removed member, has no access a
/// second later on every node. The policies of the database check the membership of every statement.
package final class SessionDirectory: Sendable {
    private struct Known {
        let person: Person
        let until: ContinuousClock.Instant
    }

    /// How long a session is taken for valid.
    private static let lifetime = Duration.seconds(1)
    /// The most sessions that are kept; beyond it they are dropped, and looked up again.
    private static let capacity = 10_000

    private let known = Mutex<[String: Known]>([:])
    private let lookUp: @Sendable ([UInt8]) async throws -> SessionInUse?
    private let memberships: @Sendable (UUID) async throws -> [Membership]
    private let note: @Sendable (UUID, IPAddress?) async throws -> Void
    private let now: @Sendable () -> ContinuousClock.Instant

    /// A directory.
    ///
    /// - Parameters:
    ///   - lookUp: returns the valid session of a hash.
    ///   - memberships: returns the memberships of a user.
    ///   - note: writes the use of a session, at most once a minute.
    ///   - now: the time by which sessions are looked up again.
    package init(
        lookUp: @escaping @Sendable ([UInt8]) async throws -> SessionInUse?,
        memberships: @escaping @Sendable (UUID) async throws -> [Membership],
        note: @escaping @Sendable (UUID, IPAddress?) async throws -> Void,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.lookUp = lookUp
        self.memberships = memberships
        self.note = note
        self.now = now
    }

    /// Whether a token was a session lately, so that looking it up again is no guess.
    func knows(_ text: String) -> Bool { known.withLock { $0.index(forKey: text) != nil } }

    /// The person of a session's secret; nil if it is no valid session.
    ///
    /// - Throws: ``RequestError``, if the database fails.
    func person(of text: String, from address: IPAddress?) async throws -> Person? {
        let time = now()
        if let entry = known.withLock({ $0[text] }), time < entry.until { return entry.person }
        guard let token = SecretToken(text, .session) else { return nil }
        let found = try await mappingErrors { () -> Person? in
            guard let session = try await lookUp(token.hash) else { return nil }
            if session.isUseDue { try await note(session.id, address) }
            let claims = SessionClaims(
                localUser: session.userID,
                email: session.email,
                session: session.id,
                expiresAt: session.expiresAt
            )
            return Person(
                claims: claims,
                memberships: try await memberships(session.userID),
                sessionID: session.id
            )
        }
        known.withLock { known in
            if known.count >= Self.capacity { known.removeAll(keepingCapacity: true) }
            known[text] = found.map { Known(person: $0, until: time.advanced(by: Self.lifetime)) }
        }
        return found
    }

    /// Looks every session up again: called when one has ended, so that this node refuses it at once.
    func forget() { known.withLock { $0.removeAll(keepingCapacity: true) } }
}
