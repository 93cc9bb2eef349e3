import FoundationEssentials

extension CompiledPool {
    /// Caps, loads, turns and clocks of a rule at the time of the decision, in words; only those that the state has.
    func words(in state: RoutingState) -> [String] {
        var lines: [String] = []
        func add(_ subject: String, _ caps: [CompiledCap]) {
            for cap in caps {
                guard let amount = state.amounts[cap.counter.key] else { continue }
                lines.append(
                    "\(subject) had \(amount.value) of \(cap.limit) \((cap.counter.key.period ?? .total).phrase)"
                )
            }
        }
        add("“\(ruleName)”", caps)
        for member in members {
            add("“\(member.name)”", member.caps)
            if let load = member.load, let amount = state.amounts[load.key] {
                lines.append("“\(member.name)” had \(amount.value) from it \((load.key.period ?? .day).phrase)")
            }
            if let hours = member.hours, let time = state.clocks[member.workspace] {
                lines.append(
                    "“\(member.name)” was \(hours.isOpen(at: time) ? "open" : "closed" ), \(time.text) by its clock"
                )
            }
            if members.count > 1, let turn = state.amounts[member.turn.key] {
                lines.append("“\(member.name)” stood at \(turn.value) for its turn (weight \(member.weight))")
            }
            for person in member.people {
                add(person.assignee.name, person.caps)
            }
        }
        if state.waiting.contains(rule) { lines.append("leads were waiting for “\(ruleName)”") }
        return lines
    }
}
