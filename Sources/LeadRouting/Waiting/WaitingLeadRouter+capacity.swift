import FoundationEssentials
import LeadStore
import RoutingRules
import Synchronization

/// Rules with capacity whose waiting leads cannot use it: they are checked again with exponential backoff.
final class StuckRules: Sendable {
    private struct Backoff {
        var rounds: Int
        var left: Int
        var version: Int64
    }

    private let state = Mutex<[UUID: Backoff]>([:])

    /// Whether to skip a rule in this round.
    func skips(_ rule: UUID, version: Int64) -> Bool {
        state.withLock { state in
            guard var budget = state[rule], budget.version == version, budget.left > 0 else { return false }
            budget.left -= 1
            state[rule] = budget
            return true
        }
    }

    /// Records a round: each time no lead moves, twice as many rounds are skipped, up to 32.
    func note(_ rule: UUID, moved: Bool, version: Int64) {
        state.withLock { state in
            guard !moved else { return state[rule] = nil }
            let rounds = state[rule].flatMap { $0.version == version ? min($0.rounds * 2, 32) : nil } ?? 1
            state[rule] = Backoff(rounds: rounds, left: rounds, version: version)
        }
    }
}

extension WaitingLeadRouter {
    /// The most leads of a rule that are checked in one round without any of them moving.
    private static let mostStuck = 5000
    /// The most batches of a rule in one round, so that other rules get their turn.
    private static let mostBatches = 20

    /// Routes leads that wait for capacity, as many as the capacity allows: oldest first, in turns of their sources.
    ///
    /// If no destination has capacity, this costs one read of each rule's counters, and no row is written.
    ///
    /// - Parameter batch: leads in a transaction.
    /// - Returns: the leads that moved.
    /// - Throws: `PostgresError`, if the database fails.
    package func routeLeadsWaitingForCapacity(batch: Int = 500) async throws -> Summary {
        var summary = Summary()
        let awaited = try await queue.rulesWithWaitingLeads()
        guard !awaited.isEmpty else { return summary }
        try await rules.poll()
        let current = try await rules.current()
        let state = try await queue.peek(current.waitRequest(of: awaited))
        for rule in awaited where !stuck.skips(rule, version: current.version) {
            // Without a capacity value leads no longer wait for this rule, and all that still do are decided again.
            let room = current.room(under: rule, in: state) ?? Int.max
            guard room > 0 else { continue }
            summary += try await route(waitingFor: rule, room: room, batch: batch, version: current.version)
        }
        return summary
    }

    private func route(waitingFor rule: UUID, room: Int, batch: Int, version: Int64) async throws -> Summary {
        var summary = Summary()
        var room = room
        var unmoved: [UUID] = []
        for _ in 0..<Self.mostBatches where room > 0 {
            try Task.checkCancellation()
            let settled = try await settle(.waiters(rule: rule, limit: min(batch, room), except: unmoved))
            if settled.isEmpty { break }
            let moved = settled.filter { !$0.isStillWaiting }
            for lead in moved {
                summary.claimed += 1
                switch outcome(lead).status {
                case .routed: summary.routed += 1
                case .failed, .expired: summary.failed += 1
                case .pending, .routing: summary.waiting += 1
                }
            }
            room -= moved.count
            unmoved += settled.filter(\.isStillWaiting).map(\.lead.prepared.id)
            guard moved.isEmpty else { continue }
            // Other nodes took the capacity, or it is not for these leads.
            let rules = try await rules.current()
            let state = try await queue.peek(rules.waitRequest(of: [rule]))
            if rules.room(under: rule, in: state) == 0 || unmoved.count >= Self.mostStuck { break }
        }
        if !unmoved.isEmpty || summary.claimed > 0 { stuck.note(rule, moved: summary.claimed > 0, version: version) }
        return summary
    }
}
