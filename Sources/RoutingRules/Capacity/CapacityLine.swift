import FoundationEssentials

/// How much of one cap is used, for people.
package struct CapacityLine: Sendable, Hashable {
    /// What it is on, such as `“North”` or `rule “Overflow”`.
    package let subject: String
    /// What it counts in.
    package let period: CapPeriod
    /// The time zone by whose calendar its windows begin.
    package let timeZone: String
    /// How many leads the running window has had.
    package let used: Int64
    /// How many leads it lets through.
    package let limit: Int64

    /// Whether no more leads are taken until the window ends.
    package var isFull: Bool { used >= limit }
}

extension CompiledRuleSet {
    /// Every cap that decisions look at, and how it stands; the fullest first.
    ///
    /// - Parameter state: how things stand, for ``everyRequest()``.
    /// - Returns: each cap once.
    package func capacity(in state: RoutingState) -> [CapacityLine] {
        var lines: [StateKey: CapacityLine] = [:]
        func add(_ caps: [CompiledCap], _ subject: String) {
            for cap in caps where lines[cap.counter.key] == nil {
                lines[cap.counter.key] = CapacityLine(
                    subject: subject,
                    period: cap.counter.key.period ?? .total,
                    timeZone: cap.counter.timeZone,
                    used: state.amounts[cap.counter.key]?.value ?? 0,
                    limit: cap.limit
                )
            }
        }
        for pool in everyPool() {
            add(pool.caps, "rule “\(pool.ruleName)”")
            for member in pool.members {
                add(member.caps.filter { $0.counter.key.scope == .workspace }, "“\(member.name)”")
                add(
                    member.caps.filter { $0.counter.key.scope == .member },
                    "“\(member.name)” in rule “\(pool.ruleName)”"
                )
                for person in member.people { add(person.caps, "\(person.assignee.name) of “\(member.name)”") }
            }
        }
        func share(_ line: CapacityLine) -> Double { Double(line.used) / Double(max(line.limit, 1)) }
        return lines.values.sorted { one, other in
            if one.isFull != other.isFull { return one.isFull }
            if share(one) != share(other) { return share(one) > share(other) }
            return (one.subject, one.period.rawValue) < (other.subject, other.period.rawValue)
        }
    }

    /// The workspaces that rules send to and that are closed, with when they open by their own clocks; nil: not within 400
    /// days.
    package func closed(in state: RoutingState) -> [(name: String, opensAt: LocalTime?)] {
        var seen: Set<UUID> = []
        var closed: [(name: String, opensAt: LocalTime?)] = []
        for member in everyPool().flatMap(\.members) where seen.insert(member.workspace).inserted {
            guard let hours = member.hours, let time = state.clocks[member.workspace], !hours.isOpen(at: time) else {
                continue
            }
            closed.append((member.name, hours.opening(from: time)))
        }
        return closed.sorted { $0.name < $1.name }
    }
}
