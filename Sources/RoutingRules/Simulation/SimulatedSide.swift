import FoundationEssentials

/// One of the two rule sets of a simulation, with what it has done so far.
///
/// Counters begin at nothing and turn with the windows of their time zones, as the times of the leads go by. A lead that
/// would wait for capacity is counted as waiting and does not hold up those behind it.
struct SimulatedSide {
    private let rules: CompiledRuleSet
    private let clock: SimulatedClock
    /// The names of the rules that are switched on.
    let ruleNames: [UUID: String]
    /// How many leads each has taken.
    private(set) var hits: [UUID: Int] = [:]
    private var state = RoutingState()
    private var windows: [StateKey: SimulatedClock.Window] = [:]
    private var zones: [UUID: String] = [:]
    /// When a counter turns next.
    private var nextTurn = Int64.min
    /// When clocks were last set, in minutes.
    private var minute = Int64.min
    private var limits: [StateKey: (limit: Int64, subject: String)] = [:]
    /// When each cap was full first, and in how many windows.
    private(set) var full: [StateKey: (first: Int64, windows: Int)] = [:]

    init(_ snapshot: RuleSetSnapshot, _ clock: SimulatedClock) {
        var snapshot = snapshot
        snapshot.pauses = RoutingPauses()
        rules = CompiledRuleSet(snapshot)
        self.clock = clock
        ruleNames = Dictionary(snapshot.rules.filter(\.isActive).map { ($0.id, $0.name) }) { first, _ in first }
        guard rules.isStateful else { return }
        for pool in rules.everyPool(snapshot) {
            note(pool.caps, "rule “\(pool.ruleName)”")
            for member in pool.members {
                let isOne = pool.members.count == 1
                note(member.caps, isOne ? "“\(member.name)”" : "“\(member.name)”", rule: pool.ruleName)
                for person in member.people { note(person.caps, "\(person.assignee.name) of “\(member.name)”") }
            }
        }
    }

    private mutating func note(_ caps: [CompiledCap], _ subject: String, rule: String? = nil) {
        for cap in caps {
            let key = cap.counter.key
            let ofRule = key.scope == .member ? rule.map { " in rule “\($0)”" } ?? "" : ""
            limits[key] = (cap.limit, subject + ofRule)
        }
    }

    /// The caps that were full at some time, by what they are on.
    func filled() -> [(key: StateKey, limit: Int64, subject: String, first: Int64, windows: Int)] {
        full.compactMap { key, value in
            limits[key].map { (key, $0.limit, $0.subject, value.first, value.windows) }
        }
    }

    /// What a cap lets through, and what it is on; nil if the rules do not have it.
    func limit(of key: StateKey) -> (limit: Int64, subject: String)? { limits[key] }

    /// Gets ready for leads, so that deciding each of them looks nothing up.
    mutating func prepare(for page: [SimulatedLead]) {
        guard rules.isStateful else { return }
        let request = rules.stateRequest(for: page.map { (lead: $0.lead, source: $0.source) })
        for key in request.keys where windows[key.key] == nil {
            guard let period = key.key.period else { continue }
            windows[key.key] = .init(timeZone: key.timeZone, period: period)
            nextTurn = .min
        }
        zones.merge(request.clocks) { first, _ in first }
        minute = .min
    }

    /// Decides a lead.
    mutating func decide(_ lead: SimulatedLead) -> (decision: RoutingDecision, placement: Placement, rule: UUID?) {
        let time = lead.time ?? 0
        if rules.isStateful { turn(to: time) }
        let decision = rules.decide(lead.lead, from: lead.source, in: &state)
        if let use = decision.use { note(use, at: time) }
        let placement = Placement(decision)
        guard case .routed(_, let rule, _) = decision.outcome else { return (decision, placement, nil) }
        hits[rule, default: 0] += 1
        return (decision, placement, rule)
    }

    /// Has counters begin anew whose window is over, and sets the clocks.
    private mutating func turn(to time: Int64) {
        state.now = time
        let now = time.floorDivided(by: 60_000_000)
        if now != minute {
            minute = now
            for (workspace, zone) in zones { state.clocks[workspace] = clock.local(zone, at: time) }
        }
        guard time >= nextTurn else { return }
        nextTurn = .max
        for (key, window) in windows {
            let (start, next) = clock.window(window, at: time)
            if state.amounts[key]?.windowStart != start { state.amounts[key] = .init(0, windowStart: start) }
            nextTurn = min(nextTurn, next)
        }
    }

    private mutating func note(_ use: StateUse, at time: Int64) {
        for charge in use.charges {
            guard let cap = limits[charge.key], state.amounts[charge.key]?.value == cap.limit else { continue }
            full[charge.key] = (full[charge.key]?.first ?? time, (full[charge.key]?.windows ?? 0) + 1)
        }
    }
}
