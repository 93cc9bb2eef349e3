import DequeModule
import LeadStore
import RoutingRules

/// The leads that wait for a batch, ordered so that duplicates are never in the same batch: a value, without locks or
/// time.
///
/// Leads that share an identity are chained in arrival order, and only the first of a chain can be in a batch. So an
/// identity occurs in one batch at a time, concurrent batches never wait for each other's claims, and the earlier of
/// two duplicates wins. Leads without a common identity are independent of each other.
struct IntakeQueue {
    /// The kind of request that a lead came in, so that a single one need not wait behind a thousand.
    enum Lane: Sendable { case single, bulk }

    /// A lead in the queue.
    struct Entry: Sendable {
        let prepared: PreparedLead
        let lane: Lane
        /// When it was received.
        var received = ContinuousClock.now
        /// Its request.
        var trace: RequestTrace?
        /// How often it was decided without being written.
        var rounds = 0
        let answer: @Sendable (Result<RoutingOutcome, IntakeError>) -> Void
    }

    /// The place of a lead in the queue, until it is answered.
    struct Ticket: Sendable, Hashable { fileprivate let slot: Int }

    /// The key of a chain of duplicates: the first half of the identity's hash.
    ///
    /// Two identities with the same key are separated needlessly, which is harmless.
    private struct Identity: Hashable {
        let high: UInt64
        let low: UInt64

        init(_ digest: [UInt8]) {
            var high: UInt64 = 0
            var low: UInt64 = 0
            for byte in digest.prefix(8) { high = high << 8 | UInt64(byte) }
            for byte in digest.dropFirst(8).prefix(8) { low = low << 8 | UInt64(byte) }
            self.high = high
            self.low = low
        }
    }

    private struct Slot {
        var entry: Entry
        var identities: [Identity]
        /// The number of its chains in which it is not the first.
        var blockers: Int
    }

    private struct Chain {
        var first: Int
        var behind: [Int] = []
    }

    private var slots: [Slot?] = []
    private var free: [Int] = []
    private var chains: [Identity: Chain] = [:]
    private var singles = Deque<Int>()
    private var bulk = Deque<Int>()

    /// How many leads are not answered yet.
    private(set) var count = 0

    /// Whether a batch could be taken now.
    var hasReady: Bool { !singles.isEmpty || !bulk.isEmpty }

    /// How many leads a batch could take now.
    var readyCount: Int { singles.count + bulk.count }

    /// While single leads wait, bulk leads get one in this many places of a batch.
    private static let bulkShare = 4

    /// Appends a lead to its lane and its chains.
    mutating func append(_ entry: Entry) {
        var identities: [Identity] = []
        for claim in entry.prepared.identities.claims {
            let identity = Identity(claim.digest)
            if !identities.contains(identity) { identities.append(identity) }
        }
        let slot = free.popLast() ?? slots.count
        var blockers = 0
        for identity in identities {
            if chains[identity]?.behind.append(slot) == nil {
                chains[identity] = Chain(first: slot)
            } else {
                blockers += 1
            }
        }
        let content = Slot(entry: entry, identities: identities, blockers: blockers)
        if slot == slots.count { slots.append(content) } else { slots[slot] = content }
        count += 1
        guard blockers == 0 else { return }
        switch entry.lane {
        case .single: singles.append(slot)
        case .bulk: bulk.append(slot)
        }
    }

    /// The next batch: single leads first, with a share for bulk leads.
    mutating func takeBatch(limit: Int) -> [(Ticket, Entry)] {
        let share = singles.isEmpty ? limit : max(1, limit / Self.bulkShare)
        let bulkCount = min(bulk.count, share)
        let singleCount = min(singles.count, limit - bulkCount)
        var batch: [(Ticket, Entry)] = []
        batch.reserveCapacity(singleCount + bulkCount)
        Self.move(singleCount, from: &singles, slots, into: &batch)
        Self.move(bulkCount, from: &bulk, slots, into: &batch)
        return batch
    }

    /// Removes an answered lead; the next lead of each of its chains becomes the first.
    mutating func finish(_ ticket: Ticket) {
        guard let done = slots[ticket.slot] else { return }
        slots[ticket.slot] = nil
        free.append(ticket.slot)
        count -= 1
        for identity in done.identities {
            guard var chain = chains.removeValue(forKey: identity), !chain.behind.isEmpty else { continue }
            chain.first = chain.behind.removeFirst()
            chains[identity] = chain
            slots[chain.first]?.blockers -= 1
            if slots[chain.first]?.blockers == 0 { putFirst(chain.first) }
        }
    }

    /// Requeues a lead that must be decided again, at the head of its lane; it stays the first of its chains.
    mutating func requeue(_ ticket: Ticket, _ entry: Entry) {
        slots[ticket.slot]?.entry = entry
        putFirst(ticket.slot)
    }

    private mutating func putFirst(_ slot: Int) {
        switch slots[slot]?.entry.lane {
        case .single: singles.prepend(slot)
        case .bulk: bulk.prepend(slot)
        case nil: break
        }
    }

    /// Moves the first leads of a lane into a batch.
    ///
    /// A method of the queue would hold a second reference to the lane while it removes leads, and so copy the lane for
    /// each lead.
    private static func move(
        _ count: Int,
        from lane: inout Deque<Int>,
        _ slots: [Slot?],
        into batch: inout [(Ticket, Entry)]
    ) {
        for slot in lane.prefix(count) {
            if let content = slots[slot] { batch.append((Ticket(slot: slot), content.entry)) }
        }
        lane.removeFirst(count)
    }
}
