import DequeModule
import LeadStore
import RoutingRules

/// The leads that wait for a batch, in an order that keeps duplicates apart: a value, without locks or time.
///
/// Leads that share an identity stand in chain behind each other, in the order in which they came, and only the first
/// of a chain is ever in a batch. So each identity is once in a batch, two batches under way never wait for each
/// other's claims, and of two duplicates the one that came first wins, however batches are cut. Leads without a common
/// identity are independent of each other.
struct IntakeQueue {
    /// Where a lead comes from, so that a single one need not wait behind a thousand.
    enum Lane: Sendable { case single, bulk }

    /// A lead in the queue.
    struct Entry: Sendable {
        let prepared: PreparedLead
        let lane: Lane
        /// When it was received.
        var received = ContinuousClock.now
        /// The request that it came in.
        var trace: RequestTrace?
        /// How often it was decided and not written.
        var rounds = 0
        let answer: @Sendable (Result<RoutingOutcome, IntakeError>) -> Void
    }

    /// The place of a lead in the queue, until it is answered.
    struct Ticket: Sendable, Hashable { fileprivate let slot: Int }

    /// What a chain of duplicates is known by: the first half of the identity's hash.
    ///
    /// Two identities that agree in it are kept apart needlessly, which does no harm.
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
        /// In how many of its chains it is not the first.
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

    /// The part of a batch, one in four, that the bulk lane may take while single leads are there.
    private static let bulkShare = 4

    /// Puts a lead at the end of its lane and of its chains.
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

    /// The next batch: single leads first, and a share of it for the others so that they get on.
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

    /// Removes an answered lead, and lets those behind it move up.
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

    /// Puts a lead that has to be decided again at the head of its lane; it stays the first of its chains.
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
    /// A method of the queue would hold a second reference to the lane while it takes from it, and so copy all of it for
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
