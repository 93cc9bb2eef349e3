import NIOCore
import Synchronization

/// The open connections of a server; if there are too many, idle ones are closed.
///
/// Without it, clients that connect and send nothing would block all others until their idle time is over. A request
/// costs two stores; a lock is taken when a connection opens or closes.
final class ConnectionLimiter: Sendable {
    /// An open connection.
    final class Entry: Sendable {
        fileprivate let channel: any Channel
        /// Since when it has been idle, in nanoseconds of uptime; 0 while a request is served.
        private let idleSince = Atomic<UInt64>(NIODeadline.now().uptimeNanoseconds)
        private let hasServed = Atomic(false)

        fileprivate init(_ channel: any Channel) { self.channel = channel }

        /// A request has begun.
        func becomeBusy() { idleSince.store(0, ordering: .relaxed) }

        /// Every request is answered.
        func becomeIdle() {
            hasServed.store(true, ordering: .relaxed)
            idleSince.store(NIODeadline.now().uptimeNanoseconds, ordering: .relaxed)
        }

        /// The order of closing: those that never sent a request, then those idle for longest; nil for a busy one.
        fileprivate var rank: (Int, UInt64)? {
            let since = idleSince.load(ordering: .relaxed)
            return since == 0 ? nil : (hasServed.load(ordering: .relaxed) ? 1 : 0, since)
        }
    }

    private let capacity: Int
    private let entries = Mutex<[ObjectIdentifier: Entry]>([:])

    /// A limit of so many connections, as long as there are idle ones to close.
    init(capacity: Int) { self.capacity = capacity }

    /// Adds a connection; if there are too many, a sixteenth of them is closed, so that this search is rare.
    func add(_ channel: any Channel) -> Entry {
        let entry = Entry(channel)
        let closing = entries.withLock { entries -> [Entry] in
            defer { entries[ObjectIdentifier(entry)] = entry }
            guard entries.count >= capacity else { return [] }
            let idle = entries.values.compactMap { entry in entry.rank.map { (entry: entry, rank: $0) } }
            let closing = idle.sorted { $0.rank < $1.rank }.prefix(max(1, capacity / 16)).map(\.entry)
            for entry in closing { entries[ObjectIdentifier(entry)] = nil }
            return closing
        }
        for entry in closing { entry.channel.close(promise: nil) }
        return entry
    }

    /// Removes a connection that has ended.
    func remove(_ entry: Entry) {
        entries.withLock { $0[ObjectIdentifier(entry)] = nil }
    }
}
