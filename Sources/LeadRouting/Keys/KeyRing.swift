package import LeadStore
import Synchronization

/// A cache of recently used API keys, so that a request needs no look-up.
///
/// A key is looked up again after a few seconds; a revoked one works that long on a node that has just used it.
package final class KeyRing: Sendable {
    private struct Known {
        let key: APIKey?
        let until: ContinuousClock.Instant
    }

    private let known = Mutex<[String: Known]>([:])
    private let lookUp: @Sendable (APIKeyToken) async throws -> APIKey?
    private let lifetime: Duration
    private let now: @Sendable () -> ContinuousClock.Instant

    /// The most cached tokens, so that guesses do not fill the memory.
    private static let capacity = 10_000

    /// A key ring over a store.
    package convenience init(keys: KeyStore) {
        self.init { try await keys.find(for: $0) }
    }

    /// A key ring over a function, with its own clock.
    init(
        lifetime: Duration = .seconds(5),
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        lookUp: @escaping @Sendable (APIKeyToken) async throws -> APIKey?
    ) {
        self.lifetime = lifetime
        self.now = now
        self.lookUp = lookUp
    }

    /// The key of a token, or nil if there is none.
    package func key(for text: String) async throws -> APIKey? {
        if let entry = known.withLock({ $0[text] }), entry.until > now() { return entry.key }
        guard let token = APIKeyToken(text) else { return nil }
        let key = try await lookUp(token)
        let entry = Known(key: key, until: now().advanced(by: lifetime))
        known.withLock { known in
            if known.count >= Self.capacity { known.removeAll(keepingCapacity: true) }
            known[text] = entry
        }
        return key
    }
}
