import Accounts
package import Digests
import RoutingRules
import Synchronization

/// Hashes and verifies passwords, on a thread of its own.
///
/// A hash takes 0.2 s of a core and 32 MiB by intention. One is computed at a time, so that a flood of sign-ins costs
/// one core at most, at low priority, and no lead waits for it; what is more than a few is refused.
package final class PasswordHasher: Sendable {
    /// The most passwords that wait, the one that is hashed included.
    package static let usualWaiters = 32

    private let parameters: Scrypt
    private let limit: Int
    private let threads = AnalysisThreads(count: 1)
    private let waiting = Mutex(0)
    /// Verified for an address that is no user's, so that it takes as long.
    let decoy: PasswordHash
    /// Called for each verification, with the parameters; for tests.
    private let onVerification: (@Sendable (Scrypt) -> Void)?

    /// A hasher.
    ///
    /// - Parameters:
    ///   - parameters: the parameters of new hashes.
    ///   - waiters: the most passwords that wait.
    ///   - onVerification: called for each verification.
    package init(
        parameters: Scrypt = PasswordHash.current,
        waiters: Int = usualWaiters,
        onVerification: (@Sendable (Scrypt) -> Void)? = nil
    ) {
        self.parameters = parameters
        limit = waiters
        decoy = PasswordHash(decoy: parameters)
        self.onVerification = onVerification
    }

    /// The text to store for a new password.
    ///
    /// - Throws: ``RequestError/unavailable(reason:)`` if too many wait.
    func hash(_ password: String) async throws -> String {
        let parameters = parameters
        return try await run {
            // libcrypto fails without memory only.
            guard let hash = PasswordHash(of: AccountText.password(password), parameters: parameters) else {
                throw RequestError.unavailable(reason: "The password cannot be hashed: the server has no memory left.")
            }
            return hash.text
        }
    }

    /// Whether a password has a hash.
    ///
    /// - Throws: ``RequestError/unavailable(reason:)`` if too many wait.
    func verify(_ password: String, _ hash: PasswordHash) async throws -> Bool {
        onVerification?(hash.parameters)
        return try await run { hash.matches(AccountText.password(password)) }
    }

    /// Whether a hash has other parameters than new ones.
    func isOutdated(_ hash: PasswordHash) -> Bool { hash.parameters != parameters }

    private func run<Value: Sendable>(_ work: @Sendable () throws -> Value) async throws -> Value {
        let isAdmitted = waiting.withLock { count in
            guard count < limit else { return false }
            count += 1
            return true
        }
        guard isAdmitted else {
            throw RequestError.unavailable(reason: "Too many passwords wait to be verified; nothing was changed.")
        }
        defer { waiting.withLock { $0 -= 1 } }
        return try await withTaskExecutorPreference(threads) { try await Self.compute(work) }
    }

    /// Runs on the preferred executor, as every asynchronous function without an actor.
    private static func compute<Value: Sendable>(_ work: @Sendable () throws -> Value) async throws -> Value {
        try work()
    }
}
