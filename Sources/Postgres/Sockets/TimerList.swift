/// Actions by their due time; there are only a few for each connection, so a plain list is enough.
struct TimerList {
    typealias Token = UInt64

    private struct Entry {
        let token: Token
        let due: ContinuousClock.Instant
        let action: () -> Void
    }

    private var entries: [Entry] = []
    private var lastToken: Token = 0

    mutating func add(at due: ContinuousClock.Instant, _ action: @escaping () -> Void) -> Token {
        lastToken += 1
        entries.append(Entry(token: lastToken, due: due, action: action))
        return lastToken
    }

    mutating func remove(_ token: Token) {
        entries.removeAll { $0.token == token }
    }

    /// How long to sleep: −1 for no limit, 0 for not at all; rounded up so that a timer is not checked too early.
    func millisecondsToNext(from now: ContinuousClock.Instant) -> Int32 {
        guard let next = entries.lazy.map(\.due).min() else { return -1 }
        guard next > now else { return 0 }
        let (seconds, attoseconds) = (next - now).components
        guard seconds < 3600 else { return 3_600_000 }
        return Int32(seconds * 1000 + attoseconds / 1_000_000_000_000_000 + 1)
    }

    /// Removes and returns due actions, earliest first.
    mutating func takeDue(_ now: ContinuousClock.Instant) -> [() -> Void] {
        guard entries.contains(where: { $0.due <= now }) else { return [] }
        let due = entries.filter { $0.due <= now }.sorted { $0.due < $1.due }
        entries.removeAll { $0.due <= now }
        return due.map(\.action)
    }
}
