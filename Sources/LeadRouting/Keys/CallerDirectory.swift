import Accounts
package import Addresses
import Digests
package import FoundationEssentials
import LeadStore

/// Finds the caller of a token: one of the store's keys, the Supabase service-role key if there is one, or a
/// person with a session.
package struct CallerDirectory: Sendable {
    private let keys: KeyRing
    private let failures: FailedKeys
    private let serviceRoleHash: [UInt8]?
    private let persons: PersonDirectory?
    private let sessions: SessionDirectory?

    /// A directory over the store's keys.
    ///
    /// - Parameters:
    ///   - keys: the copies of the store's keys.
    ///   - failures: counts wrong keys.
    ///   - serviceRoleKey: a token with all scopes, checked without the database; nil for none.
    ///   - persons: finds the persons of sessions; nil: there are none.
    ///   - sessions: finds the sessions of local users; nil: there are none.
    package init(
        keys: KeyRing,
        failures: FailedKeys,
        serviceRoleKey: String?,
        persons: PersonDirectory? = nil,
        sessions: SessionDirectory? = nil
    ) {
        self.persons = persons
        self.sessions = sessions
        self.keys = keys
        self.failures = failures
        serviceRoleHash = serviceRoleKey.map { SHA256.hash($0) }
    }

    /// The caller of a token; nil for one that is unknown, expired or revoked, or whose workspace is closed.
    ///
    /// Called for every request: the keys in use are copied, and a text that is no key is refused without a query.
    ///
    /// - Parameters:
    ///   - token: the text of the key, or a session's token.
    ///   - workspace: the workspace that the request names; nil for none.
    ///   - address: the client's address, if known.
    ///   - notice: called for a wrong key, with what it means for the log.
    /// - Returns: the caller.
    /// - Throws: ``RequestError`` if the workspace is suspended, the address is not one of the key's, too many wrong
    ///   keys came from it, or the database fails.
    package func caller(
        of token: String,
        actingFor workspace: UUID? = nil,
        from address: IPAddress? = nil,
        onFailure notice: (FailedKeys.Notice) -> Void = { _ in }
    ) async throws -> Caller? {
        try await identity(of: token, from: address, onFailure: notice)?.caller(actingFor: workspace)
    }

    /// The key or the person of a token, as ``caller(of:actingFor:from:onFailure:)``.
    ///
    /// - Throws: ``RequestError``, as that function.
    package func identity(
        of token: String,
        from address: IPAddress? = nil,
        onFailure notice: (FailedKeys.Notice) -> Void = { _ in }
    ) async throws -> Identity? {
        if let serviceRoleHash, isEqualInConstantTime(SHA256.hash(token), serviceRoleHash) {
            return .key(Caller(id: "service_role", name: "Supabase service role", workspaceID: nil, scopes: [.admin]))
        }
        if let known = keys.copy(of: token, from: address) { return .key(try Self.admit(known, from: address)) }
        if let sessions, SecretToken.isPlausibleSession(token) {
            if let seconds = failures.wait(for: address), !sessions.knows(token) {
                throw RequestError.tooManyWrongKeys(retryAfterSeconds: seconds)
            }
            if let person = try await sessions.person(of: token, from: address) { return .person(person) }
            notice(failures.note(address))
            return nil
        }
        if let persons, SessionVerifier.isPlausible(token) {
            do {
                return .person(try await persons.person(of: token))
            } catch let refusal as TokenRefusal {
                // A session that has ended was one; anything else is a guess, and counts like a wrong key.
                guard refusal != .expired else { return nil }
                if let seconds = failures.wait(for: address) {
                    throw RequestError.tooManyWrongKeys(retryAfterSeconds: seconds)
                }
                notice(failures.note(address))
                return nil
            }
        }
        if let seconds = failures.wait(for: address), !keys.hasCopy(of: token) {
            throw RequestError.tooManyWrongKeys(retryAfterSeconds: seconds)
        }
        guard let known = try await mappingErrors({ try await keys.key(for: token, from: address) }) else {
            notice(failures.note(address))
            return nil
        }
        return .key(try Self.admit(known, from: address))
    }

    private static func admit(_ known: KnownKey, from address: IPAddress?) throws(RequestError) -> Caller {
        if let reason = known.suspension { throw .suspended(reason: reason) }
        guard known.key.allows(address) else {
            throw .forbidden(
                "This key may not be used from this address.",
                remedy: "Use it from an address of its list, or make a key without one."
            )
        }
        return known.caller
    }
}
