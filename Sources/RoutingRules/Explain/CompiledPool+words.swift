import FoundationEssentials

extension CompiledPool {
    /// Caps, loads, turns and clocks of a rule at the time of the decision, in words; only those that the state has.
    ///
    /// What the rule sets and counts is for those who may read the rule; the capacity of a workspace, its hours and its
    /// people are for administrators. For other readers a line is empty.
    func words(in state: RoutingState) -> [RoutingText] {
        var lines: [RoutingText] = []
        func add(_ line: RoutingText, _ audience: RoutingText.Audience) { lines.append("\(line, for: audience)") }
        func add(_ subject: OwnedName, _ caps: [CompiledCap]) {
            for cap in caps {
                guard let amount = state.amounts[cap.counter.key] else { continue }
                let period = (cap.counter.key.period ?? .total).phrase
                add("\(subject) had \(amount.value) of \(cap.limit) \(period)", cap.isOfRule ? audience : .platform)
            }
        }
        add(name, caps)
        for member in members {
            add(member.name, member.caps)
            if let load = member.load, let amount = state.amounts[load.key] {
                add("\(member.name) had \(amount.value) from it \((load.key.period ?? .day).phrase)", audience)
            }
            if let hours = member.hours, let time = state.clocks[member.workspace] {
                let state = hours.isOpen(at: time) ? "open" : "closed"
                add("\(member.name) was \(state), \(time.text) by its clock", .platform)
            }
            if members.count > 1, let turn = state.amounts[member.turn.key] {
                add("\(member.name) stood at \(turn.value) for its turn (weight \(member.weight))", audience)
            }
            for person in member.people { add(person.assignee.ownedName, person.caps) }
        }
        if state.waiting.contains(rule) { add("leads were waiting for \(name)", audience) }
        return lines
    }
}
