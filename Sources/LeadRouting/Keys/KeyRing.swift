package import Addresses
package import FoundationEssentials
package import LeadStore
import Synchronization

/// Copies of the API keys in use, so that a request needs no look-up.
///
/// A copy is valid while the version of keys is the one of its look-up: every change of a key, and every suspended or
/// closed workspace, raises that version. It is read at most twice a second, by the first request after that time, so
/// that a change reaches a busy node within a second and an idle one costs nothing. If the database cannot be reached,
/// the copies are valid for five more seconds.
///
/// The use of a key is noted in memory, and written once a minute for all keys together.
package final class KeyRing: Sendable {
    private struct Copy {
        let known: KnownKey
        let until: ContinuousClock.Instant?
        /// From where it was last used, and whether that is not written yet.
        var address: IPAddress?
        var isUnwritten: Bool
    }

    private struct State {
        var copies: [String: Copy] = [:]
        /// The version that was read last, and when it is read again.
        var version: Int64?
        var nextCheck: ContinuousClock.Instant?
        /// Until when the copies are valid without a successful check.
        var validUntil: ContinuousClock.Instant?
        var checking: Task<Void, any Error>?
        var nextWriting: ContinuousClock.Instant?
    }

    private let state = Mutex(State())
    private let source: any KeySource
    private let now: @Sendable () -> ContinuousClock.Instant

    /// How long a version is taken for the current one.
    private static let freshness = Duration.milliseconds(500)
    /// How long copies are valid while the database cannot be reached.
    private static let grace = Duration.seconds(5)
    /// How often uses are written.
    private static let writing = Duration.seconds(60)
    /// The most copies; beyond it they are dropped, and looked up again.
    private static let capacity = 10_000

    /// A key ring over a source, with its own clock.
    package init(
        source: any KeySource,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.source = source
        self.now = now
    }

    /// The key of a token by a copy that is current, and notes its use; nil if there is no such copy.
    ///
    /// One look at a dictionary; it allocates nothing.
    func copy(of text: String, from address: IPAddress?) -> KnownKey? {
        let now = now()
        return state.withLock { state in
            guard let next = state.nextCheck, now < next else { return nil }
            return Self.copy(of: text, from: address, at: now, in: &state)
        }
    }

    /// Whether a token was a key lately, so that looking it up again is no guess.
    func hasCopy(of text: String) -> Bool { state.withLock { $0.copies.index(forKey: text) != nil } }

    /// The key of a token, or nil if there is none; reads the version, and looks the key up, if need be.
    func key(for text: String, from address: IPAddress?) async throws -> KnownKey? {
        guard let token = APIKeyToken(text) else { return nil }
        try await check()
        let time = now()
        if let copy = state.withLock({ Self.copy(of: text, from: address, at: time, in: &$0) }) { return copy }
        guard let inUse = try await source.use(of: token) else {
            // It was valid once, and has ended.
            state.withLock { $0.copies[text] = nil }
            return nil
        }
        let known = KnownKey(inUse)
        let copy = Copy(
            known: known,
            until: inUse.remaining.map { time.advanced(by: $0) },
            address: address,
            isUnwritten: true
        )
        let isFirstUse = inUse.key.lastUsedAt == nil
        state.withLock { state in
            if state.copies.count >= Self.capacity { state.copies.removeAll(keepingCapacity: true) }
            state.copies[text] = copy
            if let version = state.version, inUse.version > version { state.version = inUse.version }
            // So that a new key shows its first use at once.
            if isFirstUse { state.nextWriting = time }
        }
        if isFirstUse { await writeUses() }
        return known
    }

    private static func copy(
        of text: String,
        from address: IPAddress?,
        at now: ContinuousClock.Instant,
        in state: inout State
    ) -> KnownKey? {
        guard let index = state.copies.index(forKey: text) else { return nil }
        let copy = state.copies.values[index]
        guard copy.known.version == state.version, copy.until.map({ now < $0 }) ?? true else { return nil }
        if copy.address != address { state.copies.values[index].address = address }
        if !copy.isUnwritten { state.copies.values[index].isUnwritten = true }
        return copy.known
    }

    /// Reads the version if it was not read lately; many requests at once wait for one reading.
    private func check() async throws {
        let now = now()
        let task = state.withLock { state -> Task<Void, any Error>? in
            if let next = state.nextCheck, now < next { return nil }
            if let checking = state.checking { return checking }
            let task = Task { try await self.readVersion() }
            state.checking = task
            return task
        }
        try await task?.value
    }

    private func readVersion() async throws {
        // The version is current as of the beginning of the reading.
        let begun = now()
        do {
            let version = try await source.version()
            let isDue = state.withLock { state in
                state.checking = nil
                state.version = version
                state.nextCheck = begun.advanced(by: Self.freshness)
                state.validUntil = begun.advanced(by: Self.grace)
                return state.nextWriting.map { $0 <= begun } ?? true
            }
            if isDue { Task { await self.writeUses() } }
        } catch {
            let isValid = state.withLock { state in
                state.checking = nil
                guard let until = state.validUntil, begun < until else { return false }
                state.nextCheck = begun.advanced(by: Self.freshness)
                return true
            }
            guard isValid else { throw error }
        }
    }

    /// Writes what was used since the last time.
    ///
    /// Optional: if the database accepts no writes, keys can still be used for reading.
    private func writeUses() async {
        let time = now()
        let uses = state.withLock { state -> [(key: UUID, address: IPAddress?)] in
            state.nextWriting = time.advanced(by: Self.writing)
            var uses: [(key: UUID, address: IPAddress?)] = []
            for index in state.copies.indices where state.copies.values[index].isUnwritten {
                let copy = state.copies.values[index]
                uses.append((copy.known.key.id, copy.address))
                state.copies.values[index].isUnwritten = false
            }
            return uses
        }
        try? await source.note(uses: uses)
    }
}

/// A key that a node knows, with its caller; an object, so that a request costs one reference.
final class KnownKey: Sendable {
    let key: APIKey
    /// Why its workspace is suspended; nil if it is not.
    let suspension: String?
    /// The version of keys at the moment of its look-up.
    let version: Int64
    let caller: Caller

    init(_ inUse: KeyInUse) {
        key = inUse.key
        suspension = inUse.suspension
        version = inUse.version
        caller = Caller(
            id: "key:\(key.prefix)",
            name: key.name,
            workspaceID: key.workspaceID,
            scopes: Set(key.scopes.compactMap(Scope.init(rawValue:))),
            isTest: key.isTest,
            keyID: key.id
        )
    }
}

/// Where keys are looked up: the database, or a test.
package protocol KeySource: Sendable {
    /// The key of a token; nil if there is no valid one.
    func use(of token: APIKeyToken) async throws -> KeyInUse?
    /// The version of keys, which every change raises.
    func version() async throws -> Int64
    /// Writes when and from where keys were last used.
    func note(uses: [(key: UUID, address: IPAddress?)]) async throws
}

extension KeyStore: KeySource {}
