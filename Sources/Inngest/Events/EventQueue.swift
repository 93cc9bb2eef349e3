import DequeModule

/// A limited queue of events to send: a value, without locks or time.
struct EventQueue {
    private var events = Deque<OutgoingEvent>()
    private let capacity: Int
    /// How many events were dropped and not reported yet.
    private(set) var dropped = 0

    init(capacity: Int) { self.capacity = capacity }

    /// How many events are queued.
    var count: Int { events.count }

    /// Appends events; those beyond the limit are dropped and counted.
    mutating func append(_ new: some Collection<OutgoingEvent>) {
        let room = max(0, capacity - events.count)
        events.append(contentsOf: new.prefix(room))
        dropped += max(0, new.count - room)
    }

    /// The next events to send; they stay until they are removed.
    func batch(limit: Int) -> [OutgoingEvent] { Array(events.prefix(limit)) }

    /// Removes sent or refused events.
    mutating func remove(_ count: Int) { events.removeFirst(min(count, events.count)) }

    /// How many events were dropped since the last call.
    mutating func takeDropped() -> Int {
        defer { dropped = 0 }
        return dropped
    }
}
