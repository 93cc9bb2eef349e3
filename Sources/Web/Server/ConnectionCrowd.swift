import NIOCore
import Synchronization

/// The open connections of a server: where there are too many, those that do nothing make room.
///
/// Without it, callers that connect and say nothing would keep everybody else out until their idle time is over. A
/// request costs two stores; a lock is taken when a connection comes or goes.
final class ConnectionCrowd: Sendable {
    /// A connection, as far as the crowd is concerned.
    final class Guest: Sendable {
        fileprivate let channel: any Channel
        /// Since when it has had nothing to do, in nanoseconds of uptime; 0 while a request is served.
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

        /// Who goes first: those that never sent a request, then those idle for longest; nil for a busy one.
        fileprivate var rank: (Int, UInt64)? {
            let since = idleSince.load(ordering: .relaxed)
            return since == 0 ? nil : (hasServed.load(ordering: .relaxed) ? 1 : 0, since)
        }
    }

    private let capacity: Int
    private let guests = Mutex<[ObjectIdentifier: Guest]>([:])

    /// A crowd of at most so many, as long as there are idle ones to send away.
    init(capacity: Int) { self.capacity = capacity }

    /// Takes in a connection; where there are too many, a sixteenth of them is sent away, so that looking through all
    /// of them is rare.
    func enter(_ channel: any Channel) -> Guest {
        let guest = Guest(channel)
        let leaving = guests.withLock { guests -> [Guest] in
            defer { guests[ObjectIdentifier(guest)] = guest }
            guard guests.count >= capacity else { return [] }
            let idle = guests.values.compactMap { guest in guest.rank.map { (guest: guest, rank: $0) } }
            let leaving = idle.sorted { $0.rank < $1.rank }.prefix(max(1, capacity / 16)).map(\.guest)
            for guest in leaving { guests[ObjectIdentifier(guest)] = nil }
            return leaving
        }
        for guest in leaving { guest.channel.close(promise: nil) }
        return guest
    }

    /// A connection has ended.
    func leave(_ guest: Guest) {
        guests.withLock { $0[ObjectIdentifier(guest)] = nil }
    }
}
