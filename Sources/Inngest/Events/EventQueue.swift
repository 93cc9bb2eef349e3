import DequeModule

/// The events that wait to be sent, as many as there may be: a value, without locks or time.
struct EventQueue {
    private var events = Deque<OutgoingEvent>()
    private let capacity: Int
    /// How many were turned away and not reported yet.
    private(set) var dropped = 0

    init(capacity: Int) { self.capacity = capacity }

    /// How many wait.
    var count: Int { events.count }

    /// Puts events at the end; those that have no place are counted.
    mutating func append(_ new: some Collection<OutgoingEvent>) {
        let room = max(0, capacity - events.count)
        events.append(contentsOf: new.prefix(room))
        dropped += max(0, new.count - room)
    }

    /// The next to be sent; they stay until they are removed.
    func batch(limit: Int) -> [OutgoingEvent] { Array(events.prefix(limit)) }

    /// Removes what was sent, or what was refused.
    mutating func remove(_ count: Int) { events.removeFirst(min(count, events.count)) }

    /// How many were turned away since this was asked before.
    mutating func takeDropped() -> Int {
        defer { dropped = 0 }
        return dropped
    }
}
