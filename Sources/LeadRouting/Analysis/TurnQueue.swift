import DequeModule
import FoundationEssentials

/// Which work runs next when tenants share slots: a pure state machine.
///
/// Each tenant has a queue of its own, and tenants with waiting work take turns, so the wait of one tenant does not grow
/// with the queue of another. One tenant takes at most half of the slots.
struct TurnQueue<Waiter> {
    /// The answer to work that wants to run.
    enum Entry: Sendable, Hashable {
        /// It runs now.
        case runs
        /// It waits; ``leave(_:)`` returns its waiter when its turn has come.
        case waits
        /// Too much work of its tenant waits already.
        case refused
    }

    private struct Waiting {
        let number: Int
        let waiter: Waiter
    }

    private struct Tenant {
        var running = 0
        var waiting: Deque<Waiting> = []
    }

    /// How much work runs at the same time.
    let slots: Int
    /// How much work of one tenant waits.
    let waitersOfTenant: Int
    /// How much work waits in all.
    let waiters: Int
    private var free: Int
    private var waitingCount = 0
    /// Tenants with work, by id; nil is the administrators.
    private var tenants: [UUID?: Tenant] = [:]
    /// The tenants with waiting work, in the order of their turns.
    private var turns: Deque<UUID?> = []

    /// An empty queue.
    init(slots: Int, waitersOfTenant: Int, waiters: Int) {
        self.slots = max(1, slots)
        self.waitersOfTenant = waitersOfTenant
        self.waiters = waiters
        free = self.slots
    }

    /// How much work waits.
    var count: Int { waitingCount }

    private var slotsOfTenant: Int { max(1, slots / 2) }

    /// Takes a slot for work of a tenant, or queues its waiter.
    mutating func enter(_ tenant: UUID?, number: Int, _ waiter: Waiter) -> Entry {
        var state = tenants[tenant] ?? Tenant()
        // With a free slot, tenants wait only because they have as many slots as they may.
        if free > 0, state.running < slotsOfTenant {
            free -= 1
            state.running += 1
            tenants[tenant] = state
            return .runs
        }
        guard state.waiting.count < waitersOfTenant, waitingCount < waiters else { return .refused }
        if state.waiting.isEmpty { turns.append(tenant) }
        state.waiting.append(Waiting(number: number, waiter: waiter))
        tenants[tenant] = state
        waitingCount += 1
        return .waits
    }

    /// Ends work of a tenant, and returns the waiter whose turn has come: it has the slot now.
    mutating func leave(_ tenant: UUID?) -> Waiter? {
        free += 1
        if var state = tenants[tenant] {
            state.running -= 1
            tenants[tenant] = state.running == 0 && state.waiting.isEmpty ? nil : state
        }
        let limit = slotsOfTenant
        guard let place = turns.firstIndex(where: { tenants[$0].map { $0.running < limit } ?? false }) else {
            return nil
        }
        let next = turns.remove(at: place)
        guard var state = tenants[next], let first = state.waiting.popFirst() else { return nil }
        state.running += 1
        free -= 1
        waitingCount -= 1
        if !state.waiting.isEmpty { turns.append(next) }
        tenants[next] = state
        return first.waiter
    }

    /// Removes waiting work, and returns its waiter; nil if it does not wait.
    mutating func withdraw(_ tenant: UUID?, number: Int) -> Waiter? {
        guard var state = tenants[tenant], let place = state.waiting.firstIndex(where: { $0.number == number }) else {
            return nil
        }
        let waiter = state.waiting.remove(at: place).waiter
        waitingCount -= 1
        if state.waiting.isEmpty { turns.removeAll { $0 == tenant } }
        tenants[tenant] = state.running == 0 && state.waiting.isEmpty ? nil : state
        return waiter
    }
}
