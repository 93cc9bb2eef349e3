import FoundationEssentials

/// The use of one cap, for display.
package struct CapacityLine: Sendable, Hashable {
    /// What it limits, such as `“North”` or `rule “Overflow”`.
    package let subject: String
    /// Its period.
    package let period: CapPeriod
    /// The time zone of its windows.
    package let timeZone: String
    /// How many leads were taken in the current window.
    package let used: Int64
    /// How many leads a window may take.
    package let limit: Int64

    /// Whether the cap is used up until the window ends.
    package var isFull: Bool { used >= limit }
}

extension CompiledRuleSet {
    /// Every cap that decisions check, and its use; the fullest first.
    ///
    /// - Parameter state: the state for ``everyRequest()``.
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
                add(member.caps.filter { $0.counter.key.scope == .workspace }, "“\(member.name.name)”")
                add(
                    member.caps.filter { $0.counter.key.scope == .member },
                    "“\(member.name.name)” in rule “\(pool.ruleName)”"
                )
                for person in member.people { add(person.caps, "\(person.assignee.name) of “\(member.name.name)”") }
            }
        }
        func share(_ line: CapacityLine) -> Double { Double(line.used) / Double(max(line.limit, 1)) }
        return lines.values.sorted { one, other in
            if one.isFull != other.isFull { return one.isFull }
            if share(one) != share(other) { return share(one) > share(other) }
            return (one.subject, one.period.rawValue) < (other.subject, other.period.rawValue)
        }
    }

    /// The closed workspaces among the destinations, with the local time at which they open; nil: not within 400 days.
    package func closed(in state: RoutingState) -> [(name: String, opensAt: LocalTime?)] {
        var seen: Set<UUID> = []
        var closed: [(name: String, opensAt: LocalTime?)] = []
        for member in everyPool().flatMap(\.members) where seen.insert(member.workspace).inserted {
            guard let hours = member.hours, let time = state.clocks[member.workspace], !hours.isOpen(at: time) else {
                continue
            }
            closed.append((member.name.name, hours.opening(from: time)))
        }
        return closed.sorted { $0.name < $1.name }
    }
}
