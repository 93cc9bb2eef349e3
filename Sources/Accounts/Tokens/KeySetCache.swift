package import Outbound
import Synchronization

/// The key set of an issuer, fetched when it is needed and kept.
///
/// A set is used for ten minutes. After that it is fetched again beside the requests that use it, and kept for a day if
/// that fails. A key that it lacks is looked for in a new set, which is fetched at most every 30 seconds: invented ids
/// of keys cause no more requests to the issuer than that. Requests that need the same fetch wait for one.
package final class KeySetCache: Sendable {
    private struct State {
        var set: KeySet?
        var fetchedAt: ContinuousClock.Instant?
        var triedAt: ContinuousClock.Instant?
        var fetching: Task<Void, Never>?
    }

    /// How long a set is used before it is fetched again.
    private static let lifetime = Duration.seconds(600)
    /// How long a set is used if it cannot be fetched again.
    private static let grace = Duration.seconds(86_400)
    /// How long one fetch begins after the other.
    private static let interval = Duration.seconds(30)
    /// How many bytes a set may have.
    private static let longest = 64 << 10

    private let state = Mutex(State())
    private let fetch: @Sendable () async throws -> [UInt8]
    private let now: @Sendable () -> ContinuousClock.Instant
    private let onFailure: @Sendable (String) -> Void

    /// A cache of the key set at an address.
    ///
    /// - Parameters:
    ///   - address: the address of the set.
    ///   - transport: sends the request.
    ///   - onFailure: receives the reason of a failed fetch, for the log.
    package convenience init(
        address: OutboundAddress,
        transport: any HTTPTransport,
        onFailure: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        let request = OutboundRequest(
            "GET",
            address.text,
            headers: [HeaderField("Accept", "application/json")],
            responseBody: .upTo(bytes: Self.longest),
            timeout: .seconds(5)
        )
        self.init(onFailure: onFailure) {
            let response = try await transport.send(request)
            guard response.status == 200 else { throw FetchFailure(description: "status \(response.status)") }
            return response.body
        }
    }

    /// A cache over a function that fetches, with its own clock.
    init(
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        onFailure: @escaping @Sendable (String) -> Void = { _ in },
        fetch: @escaping @Sendable () async throws -> [UInt8]
    ) {
        self.now = now
        self.onFailure = onFailure
        self.fetch = fetch
    }

    /// The key of an id; nil if the issuer has none.
    ///
    /// - Throws: ``KeysUnavailable`` if no set could be fetched within the last day.
    func key(_ id: String) async throws(KeysUnavailable) -> VerificationKey? {
        let time = now()
        let (known, task) = state.withLock { state -> (VerificationKey?, Task<Void, Never>?) in
            let set = Self.usable(state, at: time)
            let isFresh = state.fetchedAt.map { time - $0 < Self.lifetime } ?? false
            if let key = set?[id] {
                if !isFresh { _ = startFetching(&state, at: time) }
                return (key, nil)
            }
            return (nil, startFetching(&state, at: time))
        }
        if let known { return known }
        await task?.value
        guard let set = state.withLock({ Self.usable($0, at: time) }) else { throw KeysUnavailable() }
        return set[id]
    }

    private static func usable(_ state: State, at time: ContinuousClock.Instant) -> KeySet? {
        state.fetchedAt.map { time - $0 < grace } == true ? state.set : nil
    }

    /// The fetch that is under way, or a new one; nil if the last one is too recent.
    private func startFetching(_ state: inout State, at time: ContinuousClock.Instant) -> Task<Void, Never>? {
        if let fetching = state.fetching { return fetching }
        if let triedAt = state.triedAt, time - triedAt < Self.interval { return nil }
        state.triedAt = time
        let task = Task { await self.refresh(at: time) }
        state.fetching = task
        return task
    }

    private func refresh(at time: ContinuousClock.Instant) async {
        var set: KeySet?
        do {
            set = KeySet(try await fetch())
            if set == nil { onFailure("the answer is no key set") }
        } catch {
            onFailure("\(error)")
        }
        state.withLock { [set] state in
            state.fetching = nil
            guard let set else { return }
            state.set = set
            state.fetchedAt = time
        }
    }
}

/// An answer that is no key set.
private struct FetchFailure: Error, CustomStringConvertible {
    let description: String
}
