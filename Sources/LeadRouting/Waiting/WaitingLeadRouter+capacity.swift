import FoundationEssentials
import LeadStore
import RoutingRules
import Synchronization

/// Rules under which there is room, but not for the leads that wait: they are looked at again after a while.
final class StuckRules: Sendable {
    private struct Backoff {
        var rounds: Int
        var left: Int
        var version: Int64
    }

    private let state = Mutex<[UUID: Backoff]>([:])

    /// Whether a rule is to be left alone this time.
    func skips(_ rule: UUID, version: Int64) -> Bool {
        state.withLock { state in
            guard var budget = state[rule], budget.version == version, budget.left > 0 else { return false }
            budget.left -= 1
            state[rule] = budget
            return true
        }
    }

    /// Notes how it went: each time nothing moves, the rule is left alone twice as long, up to 32 times.
    func note(_ rule: UUID, moved: Bool, version: Int64) {
        state.withLock { state in
            guard !moved else { return state[rule] = nil }
            let rounds = state[rule].flatMap { $0.version == version ? min($0.rounds * 2, 32) : nil } ?? 1
            state[rule] = Backoff(rounds: rounds, left: rounds, version: version)
        }
    }
}

extension WaitingLeadRouter {
    /// The most leads of a rule that are looked at in one round without any of them moving.
    private static let mostStuck = 5000
    /// The most batches of a rule in one round, so that other rules have theirs.
    private static let mostBatches = 20

    /// Routes leads that wait for capacity, as many as there is room for: oldest first, in turns of their sources.
    ///
    /// Leads that no destination can take cost a probe for each rule and one look at its counters; no row is touched.
    ///
    /// - Parameter batch: leads in a transaction.
    /// - Returns: what moved.
    /// - Throws: what the database says.
    package func routeLeadsWaitingForCapacity(batch: Int = 500) async throws -> Summary {
        var summary = Summary()
        let awaited = try await queue.rulesWithWaitingLeads()
        guard !awaited.isEmpty else { return summary }
        try await rules.poll()
        let current = try await rules.current()
        let state = try await queue.peek(current.waitRequest(of: awaited))
        for rule in awaited where !stuck.skips(rule, version: current.version) {
            // No lead waits for this rule any more: those that still do are decided again.
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
            // Taken by others meanwhile, or not for these leads.
            let rules = try await rules.current()
            let state = try await queue.peek(rules.waitRequest(of: [rule]))
            if rules.room(under: rule, in: state) == 0 || unmoved.count >= Self.mostStuck { break }
        }
        if !unmoved.isEmpty || summary.claimed > 0 { stuck.note(rule, moved: summary.claimed > 0, version: version) }
        return summary
    }
}
