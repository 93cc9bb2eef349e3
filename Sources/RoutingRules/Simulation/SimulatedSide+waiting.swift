import CivilTime
import FoundationEssentials

/// Waiting leads of a simulation, which move as `WaitingLeadRouter` moves those of routing.
extension SimulatedSide {
    /// Leads in a batch, as in routing.
    private static let batch = 500
    /// The most leads of a rule that are checked in one round without any of them moving.
    private static let mostStuck = 1000
    /// The interval of checks, in microseconds.
    private static let second: Int64 = 1_000_000
    /// The interval for leads that could not move although there was capacity; routing checks them more often.
    private static let retryInterval: Int64 = 3_600_000_000

    /// Lets a lead wait for a rule.
    mutating func wait(_ waiter: SimulatedQueue.Waiter, for rule: UUID, at time: Int64) {
        let isNew = lines[rule] == nil
        lines[rule, default: SimulatedQueue()].add(waiter)
        if isNew {
            state.waiting.insert(rule)
            nextOpening = nil
        }
        // It waits behind others although there is capacity: routing checks them within a second.
        if nextTry == .max, (rules.room(under: rule, in: state) ?? .max) > 0 { nextTry = time + Self.second }
    }

    /// When the next closed destination with waiting leads opens.
    mutating func opening() -> Int64 {
        if let nextOpening { return nextOpening }
        var next = Int64.max
        for rule in lines.keys {
            for member in rules.waitPools[rule]?.members ?? [] where member.obstacle == nil {
                if let opens = opens(member) { next = min(next, opens) }
            }
        }
        nextOpening = next
        return next
    }

    /// When a closed member opens, by the calendar.
    private func opens(_ member: CompiledMember) -> Int64? {
        guard let hours = member.hours else { return nil }
        let minute: Int64 = 60_000_000
        let now = state.now.floorDivided(by: minute) * minute
        let local = clock.local(member.timeZone, at: now)
        guard !hours.isOpen(at: local), let open = hours.opening(from: local) else { return nil }
        var at = now + (open.minutesSinceEpoch - local.minutesSinceEpoch) * minute
        // The clock may change until then.
        at += (open.minutesSinceEpoch - clock.local(member.timeZone, at: at).minutesSinceEpoch) * minute
        return max(at, now + minute)
    }

    /// Moves leads while there is capacity.
    mutating func drain() {
        nextOpening = nil
        nextTry = .max
        for rule in lines.keys.sorted() { drain(rule) }
    }

    private mutating func drain(_ rule: UUID) {
        var stuck: Set<Int> = []
        var room = rules.room(under: rule, in: state) ?? .max
        while room > 0, stuck.count < Self.mostStuck, !isOver() {
            let batch = lines[rule]?.next(min(Self.batch, room), except: stuck) ?? []
            if batch.isEmpty { break }
            var gone: Set<Int> = []
            for waiter in batch {
                if isOver() { break }
                let result = Result(
                    rules.decide(waiter.lead.lead, from: waiter.lead.source, in: &state, waitedFor: rule)
                )
                if case .waiting(rule) = result.placement {
                    stuck.insert(waiter.number)
                    continue
                }
                gone.insert(waiter.number)
                took(result, at: state.now)
                moves(waiter, result)
                if case .waiting(let other) = result.placement { wait(waiter, for: other, at: state.now) }
            }
            if gone.isEmpty, rules.room(under: rule, in: state) == 0 { break }
            lines[rule]?.remove(gone)
            room -= gone.count
        }
        if lines[rule]?.isEmpty == true {
            lines[rule] = nil
            state.waiting.remove(rule)
        } else if !stuck.isEmpty {
            nextTry = min(nextTry, state.now + Self.retryInterval)
        }
    }
}
