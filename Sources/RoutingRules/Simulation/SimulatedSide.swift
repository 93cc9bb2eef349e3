import CivilTime
import FoundationEssentials

/// One of the two rule sets of a simulation, with its results so far.
///
/// As the leads' times advance, counters restart with the windows of their time zones, and clocks advance. A lead
/// without capacity waits, blocks later leads for the same rule, and moves when there is capacity, in the same order as
/// in routing.
struct SimulatedSide {
    /// The result of a lead.
    struct Result {
        let decision: RoutingDecision
        let placement: Placement
        let rule: UUID?

        init(_ decision: RoutingDecision) {
            self.decision = decision
            placement = Placement(decision)
            if case .routed(_, let rule, _) = decision.outcome { self.rule = rule } else { rule = nil }
        }
    }

    let rules: CompiledRuleSet
    let clock: SimulatedClock
    /// The names of the active rules.
    let ruleNames: [UUID: OwnedName]
    /// How many leads each rule has taken.
    private(set) var hits: [UUID: Int] = [:]
    var state: RoutingState
    private var windows: [StateKey: SimulatedClock.Window] = [:]
    private var zones: [UUID: String] = [:]
    /// When the next counter restarts.
    private var nextTurn = Int64.min
    /// The minute to which the clocks are set.
    private var minute = Int64.min
    private var limits: [StateKey: (limit: Int64, subject: RoutingText, owner: UUID?)] = [:]
    /// When each cap was first full, and in how many windows.
    private(set) var full: [StateKey: (first: Int64, windows: Int)] = [:]

    /// The waiting leads, by rule.
    var lines: [UUID: SimulatedQueue] = [:]
    /// Outcomes of waiting leads since the last report.
    var moved: [(number: Int, result: Result)] = []
    /// How many leads have waited, and the longest wait, in microseconds.
    private(set) var waits = SimulationReport.Waits()
    /// When the next closed destination with waiting leads opens.
    var nextOpening: Int64?
    /// When to check leads that wait although there is capacity.
    var nextTry = Int64.max
    /// Whether to stop; asked before each waiting lead.
    let isOver: @Sendable () -> Bool

    init(
        _ snapshot: RuleSetSnapshot,
        _ clock: SimulatedClock,
        from start: RoutingState?,
        until isOver: @escaping @Sendable () -> Bool = { false }
    ) {
        self.isOver = isOver
        var snapshot = snapshot
        snapshot.pauses = RoutingPauses()
        rules = CompiledRuleSet(snapshot)
        self.clock = clock
        state = start ?? RoutingState()
        ruleNames = Dictionary(snapshot.rules.filter(\.isActive).map { ($0.id, $0.ownedName) }) { first, _ in first }
        guard rules.isStateful else { return }
        for pool in rules.everyPool() {
            let owner = pool.name.owner
            note(pool.caps, "\(withNoun: pool.name)", owner: owner)
            for member in pool.members {
                note(member.caps.filter(\.isOfRule), "\(member.name) in \(withNoun: pool.name)", owner: owner)
                note(member.caps.filter { !$0.isOfRule }, "\(member.name)", owner: member.workspace)
                for person in member.people {
                    note(person.caps, "\(person.assignee.ownedName) of \(member.name)", owner: member.workspace)
                }
            }
        }
        for (key, cap) in limits where cap.limit > 0 {
            guard let amount = start?.amounts[key], amount.value >= cap.limit else { continue }
            full[key] = (state.now, 1)
        }
    }

    private mutating func note(_ caps: [CompiledCap], _ subject: RoutingText, owner: UUID?) {
        for cap in caps { limits[cap.counter.key] = (cap.limit, subject, owner) }
    }

    /// A cap that was full at some time.
    struct FilledCap {
        let key: StateKey
        let limit: Int64
        let subject: RoutingText
        /// The workspace that set it; nil for a rule of the platform.
        let owner: UUID?
        let first: Int64
        let windows: Int
    }

    /// The caps that were full at some time, by subject.
    func filled() -> [FilledCap] {
        full.compactMap { key, value in
            limits[key]
                .map {
                    FilledCap(
                        key: key,
                        limit: $0.limit,
                        subject: $0.subject,
                        owner: $0.owner,
                        first: value.first,
                        windows: value.windows
                    )
                }
        }
    }

    /// How many leads have waited, and how many still wait.
    func waiting() -> SimulationReport.Waits {
        var waits = waits
        waits.still = lines.values.reduce(0) { $0 + $1.count }
        return waits
    }

    /// Prepares for a page of leads, so that a decision looks nothing up.
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

    /// Decides a lead at a time.
    mutating func decide(_ lead: SimulatedLead, number: Int, at time: Int64) -> Result {
        if rules.isStateful { advance(to: time) }
        let result = Result(rules.decide(lead.lead, from: lead.source, in: &state))
        took(result, at: time)
        if case .waiting(let rule) = result.placement {
            waits.ever += 1
            wait(.init(number: number, lead: lead), for: rule, at: time)
        }
        return result
    }

    /// Advances the time: windows restart, clocks advance, and waiting leads move as soon as there is capacity.
    mutating func advance(to time: Int64) {
        guard rules.isStateful else { return }
        if !lines.isEmpty {
            if nextTurn == .min { turn(to: state.now) }
            while !lines.isEmpty {
                let event = min(nextTurn, opening(), nextTry)
                guard event <= time, !isOver() else { break }
                turn(to: event)
                drain()
            }
        }
        turn(to: time)
    }

    /// Restarts counters whose window has ended, and sets the clocks.
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

    /// Records what a decision has taken.
    mutating func took(_ result: Result, at time: Int64) {
        if let rule = result.rule { hits[rule, default: 0] += 1 }
        for charge in result.decision.use?.charges ?? [] {
            guard let cap = limits[charge.key], state.amounts[charge.key]?.value == cap.limit else { continue }
            full[charge.key] = (full[charge.key]?.first ?? time, (full[charge.key]?.windows ?? 0) + 1)
        }
    }

    /// Records that a lead has moved.
    mutating func moves(_ waiter: SimulatedQueue.Waiter, _ result: Result) {
        moved.append((waiter.number, result))
        guard case .waiting = result.placement else {
            waits.longest = max(waits.longest, state.now - (waiter.lead.time ?? state.now))
            return
        }
    }
}
