import FoundationEssentials
import JSON

/// The result of choosing a pool's member.
enum PoolChoice {
    /// A member takes the lead.
    case taken(member: Int, reason: RoutingText)
    /// No member can take it, and the reason; `canChange` if time, capacity or an operator may change that.
    case refused(why: RoutingText, canChange: Bool)
}

/// One decision in progress: the state that it reads, what it has read, and what it takes.
struct DecisionContext {
    let lead: Lead
    var state: RoutingState
    var seen = SeenState()
    var use = StateUse()
    /// Workspaces that have returned the lead.
    var excluded: Set<UUID> = []
    private var score: Double??

    /// A decision that owns the state until it is done.
    init(lead: Lead, taking state: inout RoutingState) {
        self.lead = lead
        self.state = RoutingState()
        swap(&self.state, &state)
    }

    /// A number of the state, recorded as read.
    mutating func look(at counter: CompiledCounter) -> RoutingState.Amount {
        let amount = state.amount(counter.key)
        seen.note(counter, amount)
        return amount
    }

    /// The first cap that is used up, as a phrase; nil if none is.
    ///
    /// - Parameters:
    ///   - caps: the caps.
    ///   - audience: who may read the numbers of a cap that the rule sets. Those of a workspace are for administrators.
    /// - Returns: the phrase.
    mutating func full(_ caps: [CompiledCap], for audience: RoutingText.Audience = .platform) -> RoutingText? {
        var phrase: RoutingText?
        for cap in caps {
            let used = look(at: cap.counter).value
            guard used >= cap.limit, phrase == nil else { continue }
            phrase = cap.phrase(used, for: cap.isOfRule ? audience : .platform)
        }
        return phrase
    }

    /// Adds one to the counter of each cap.
    mutating func charge(_ caps: [CompiledCap]) {
        for cap in caps { charge(cap.counter, 1) }
    }

    mutating func charge(_ counter: CompiledCounter, _ amount: Int64) {
        use.charges.append(
            .init(key: counter.key, amount: amount, windowStart: state.amount(counter.key).windowStart)
        )
    }

    /// Whether the lead's metadata has a score of at least `minimum`.
    mutating func scores(atLeast minimum: Double) -> Bool {
        if score == nil { score = .some(lead.score) }
        return (score ?? nil).map { $0 >= minimum } ?? false
    }

    /// The next member in turn, by smooth weighted round robin.
    ///
    /// Every present member gains its weight, and the chosen one loses the sum of all weights. The steps add up to
    /// zero, so that an absent member is owed nothing, and a new member starts equal.
    mutating func takeTurn<Members: Collection>(_ members: Members) -> (place: Int, of: Int64)?
    where Members.Element: TakesTurns {
        var best: (place: Int, current: Int64)?
        var total: Int64 = 0
        for (place, member) in members.enumerated() {
            total += member.weight
            let current = look(at: member.turn).value + member.weight
            if best == nil || current > (best?.current ?? 0) { best = (place, current) }
        }
        guard let best else { return nil }
        guard members.count > 1 else { return (best.place, total) }
        for (place, member) in members.enumerated() {
            charge(member.turn, place == best.place ? member.weight - total : member.weight)
        }
        return (best.place, total)
    }
}

extension CompiledPool {
    /// Chooses the member that takes a lead, and charges its counters.
    ///
    /// - Parameters:
    ///   - context: the decision in progress; it records what is read and what is taken.
    ///   - waited: whether the lead waited for this rule, and so comes before new leads.
    /// - Returns: the member that takes it, or the reason why none does.
    func choose(_ context: inout DecisionContext, waited: Bool) -> PoolChoice {
        if let phrase = context.full(caps, for: audience) { return .refused(why: phrase, canChange: true) }
        if whenFull == .wait, !waited, context.state.waiting.contains(rule) {
            context.seen.note(waiting: rule)
            return .refused(why: "has earlier leads waiting", canChange: true)
        }
        var able: [Int] = []
        var refusals: [(why: RoutingText, canChange: Bool)] = []
        for (number, member) in members.enumerated() {
            if let refusal = self.refusal(of: member, &context) {
                refusals.append(refusal)
            } else {
                able.append(number)
            }
        }
        guard !able.isEmpty else {
            let canChange = refusals.contains(where: \.canChange)
            return .refused(why: Self.sentence(refusals, members), canChange: canChange)
        }
        let (number, how) = pick(among: able, &context)
        let member = members[number]
        context.charge(caps)
        context.charge(member.caps)
        if let load = member.load { context.charge(load, 1) }
        return .taken(member: number, reason: how)
    }

    private func refusal(
        of member: CompiledMember,
        _ context: inout DecisionContext
    ) -> (why: RoutingText, canChange: Bool)? {
        if context.excluded.contains(member.workspace) { return ("has returned this lead", false) }
        if let obstacle = member.obstacle { return (RoutingText(obstacle.predicate), obstacle == .paused) }
        if let minimum = member.minimumScore, !context.scores(atLeast: minimum) {
            return ("takes higher scores only\(" (at least \(Self.text(minimum)))", for: .platform)", false)
        }
        if let hours = member.hours, let time = context.state.clocks[member.workspace] {
            context.seen.note(clock: member.workspace, time)
            if !hours.isOpen(at: time) { return ("is closed", true) }
        }
        return context.full(member.caps, for: audience).map { ($0, true) }
    }

    private func pick(among able: [Int], _ context: inout DecisionContext) -> (member: Int, how: RoutingText) {
        var note: RoutingStateRequest.Sticky?
        if let stickyBy, let key = StickyKey.digest(of: context.lead, by: stickyBy) {
            let before = RoutingStateRequest.Sticky(rule: rule, key: key)
            note = before
            if let workspace = context.state.sticky[before] {
                context.seen.note(before, workspace)
                if let number = able.first(where: { members[$0].workspace == workspace }) {
                    let what = stickyBy == .company ? "company" : "email domain"
                    let sentence: RoutingText = " Sticky pool: \(members[number].name) had this \(what) before."
                    return (number, "\(sentence, for: audience)")
                }
            }
        }
        let (number, how) = pickInTurn(among: able, &context)
        if let note { context.use.sticky = .init(key: note, workspace: members[number].workspace) }
        return (number, how)
    }

    private func pickInTurn(among able: [Int], _ context: inout DecisionContext) -> (member: Int, how: RoutingText) {
        guard members.count > 1 else { return (able[0], "") }
        switch method {
        case .inOrder, .sticky:
            return (able[0], " In order: \(members[able[0]].name) is the first that can take it.")
        case .roundRobin, .weighted:
            let turn = context.takeTurn(able.map { members[$0] }) ?? (0, 1)
            let member = members[able[turn.place]]
            let share: RoutingText = method == .weighted ? " (\(member.weight) of \(turn.of))" : ""
            let name = method == .weighted ? "Weighted pool" : "Round robin"
            return (able[turn.place], " \(name): \(member.name) took its turn\(share, for: audience).")
        case .leastLoaded:
            let loads = able.map { number in members[number].load.map { context.look(at: $0).value } ?? 0 }
            // load / weight, compared without division.
            func isLess(_ left: Int, _ right: Int) -> Bool {
                loads[left] * members[able[right]].weight < loads[right] * members[able[left]].weight
            }
            let least = able.indices.min(by: isLess) ?? 0
            let tied = able.indices.filter { !isLess(least, $0) }
            let place = context.takeTurn(tied.map { members[able[$0]] })?.place ?? 0
            let chosen = tied[place]
            let member = members[able[chosen]]
            let period = (member.load?.key.period ?? .day).phrase
            let load: RoutingText = " (\(loads[chosen]) \(period))"
            return (able[chosen], " Least loaded: \(member.name) has had the fewest\(load, for: audience).")
        }
    }

    /// Why no member could take a lead; names one of them.
    private static func sentence(
        _ refusals: [(why: RoutingText, canChange: Bool)],
        _ members: [CompiledMember]
    ) -> RoutingText {
        guard let first = refusals.first, let member = members.first else { return "has no members" }
        if refusals.count == 1 { return "sends to \(member.name), which \(first.why)" }
        return "has \(refusals.count) members and none can take it; \(member.name) \(first.why)"
    }

    private static func text(_ number: Double) -> String {
        Int64(exactly: number).map { "\($0)" } ?? "\(number)"
    }
}

extension CompiledMember {
    /// Chooses an assignee of the workspace, and charges the turn.
    ///
    /// - Returns: the assignee and a sentence; only a sentence if all are absent or full; nil without assignees.
    func assign(_ context: inout DecisionContext) -> (person: Assignee?, reason: RoutingText)? {
        guard !people.isEmpty else { return nil }
        var present: [CompiledPerson] = []
        for person in people where person.assignee.isPresent(at: context.state.now) {
            if context.full(person.caps) == nil { present.append(person) }
        }
        guard let turn = context.takeTurn(present) else {
            return (nil, " No assignee is available; it is not assigned to a person.")
        }
        let person = present[turn.place]
        context.charge(person.caps)
        return (person.assignee, " Assigned to \(person.assignee.ownedName).")
    }
}

extension Lead {
    /// The number under `score` in the metadata.
    var score: Double? {
        withMetadata(.score) { found, bytes in
            switch found {
            case .number(let range)?: Double(String(decoding: bytes[range], as: UTF8.self))
            case .string(let range, _)?:
                JSONString.unescaped(UnsafeBufferPointer(rebasing: bytes[range])).flatMap(Double.init)
            default: nil
            }
        }
    }
}
