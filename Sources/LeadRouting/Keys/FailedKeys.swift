import Addresses
import Synchronization

/// Counts requests with wrong keys by address, and limits them: a client cannot guess keys faster than this.
///
/// An address has a number of failures in a minute; beyond it, its unknown keys are refused without being looked up
/// until the minute is over. Keys that this node knows are not affected. An IPv6 client counts by its /64 network. The
/// table has a fixed size; when it is full, further addresses are counted together.
package final class FailedKeys: Sendable {
    /// What a failure means for the log.
    package enum Notice: Sendable, Hashable {
        /// The first of this address in this minute.
        case first
        /// The last that is allowed in this minute.
        case last(count: Int)
        /// One between, which is not worth a line.
        case more
    }

    private struct Window {
        var end: ContinuousClock.Instant
        var failures = 0
    }

    private struct State {
        var windows: [IPAddress: Window] = [:]
        /// The addresses for which there is no place.
        var others: Window?
        /// When the table may be searched for ended windows again.
        var nextSearch: ContinuousClock.Instant?
    }

    private let state = Mutex(State())
    private let limit: Int
    private let capacity: Int
    private let now: @Sendable () -> ContinuousClock.Instant

    /// The failures of an address in a minute.
    package static let standardLimit = 20
    /// The most addresses that are counted one by one: some 300 KB.
    static let standardCapacity = 4096
    private static let length = Duration.seconds(60)
    /// How many addresses' failures those share for which there is no place.
    private static let share = 50
    /// The address of clients whose address is not known.
    private static let unknown = IPAddress(high: 0, low: 0)

    /// Counters with a limit, and their clock.
    package init(
        limit: Int = standardLimit,
        capacity: Int = 4096,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.limit = limit
        self.capacity = capacity
        self.now = now
    }

    /// How long unknown keys of an address are refused, in whole seconds; nil if they are looked up.
    func wait(for address: IPAddress?) -> Int? {
        let now = now()
        return state.withLock { state -> Int? in
            let isCounted = state.windows[(address ?? Self.unknown).client]
            guard let window = isCounted ?? Self.others(in: state, capacity), now < window.end else { return nil }
            guard window.failures >= (isCounted == nil ? limit * Self.share : limit) else { return nil }
            return max(1, Int((window.end - now).components.seconds) + 1)
        }
    }

    /// Counts a failure of an address.
    func note(_ address: IPAddress?) -> Notice {
        let now = now()
        let client = (address ?? Self.unknown).client
        return state.withLock { state in
            if state.windows[client] == nil, state.windows.count >= capacity { removeEnded(from: &state, now) }
            guard state.windows[client] != nil || state.windows.count < capacity else {
                return Self.count(&state.others, limit * Self.share, now)
            }
            return Self.count(&state.windows[client], limit, now)
        }
    }

    /// How many addresses are counted.
    var count: Int { state.withLock { $0.windows.count } }

    private static func others(in state: State, _ capacity: Int) -> Window? {
        state.windows.count >= capacity ? state.others : nil
    }

    private static func count(_ window: inout Window?, _ limit: Int, _ now: ContinuousClock.Instant) -> Notice {
        var current = window.flatMap { now < $0.end ? $0 : nil } ?? Window(end: now.advanced(by: length))
        guard current.failures < limit else { return .more }
        current.failures += 1
        window = current
        // Of one failure in all, the first is the last.
        if current.failures == limit { return .last(count: limit) }
        return current.failures == 1 ? .first : .more
    }

    /// Searches the whole table, so at most once a second.
    private func removeEnded(from state: inout State, _ now: ContinuousClock.Instant) {
        if let next = state.nextSearch, now < next { return }
        state.nextSearch = now.advanced(by: .seconds(1))
        state.windows = state.windows.filter { now < $0.value.end }
    }
}
