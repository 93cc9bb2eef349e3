package import FoundationEssentials

extension CompiledRuleSet {
    /// The state that the decisions of a batch may read, so that it can be locked while they are made.
    ///
    /// For each lead it covers the matching rules, in order, up to the first that always takes every lead.
    ///
    /// - Parameters:
    ///   - leads: each lead and the workspace it came from.
    ///   - excluding: workspaces that the leads must not go to; a rule with no other destination does not end the
    ///     search.
    /// - Returns: the keys; empty if the decisions depend on the rules alone. About a microsecond a lead.
    package func stateRequest(
        for leads: some Sequence<(lead: Lead, source: UUID?)>,
        excluding: Set<UUID> = []
    ) -> RoutingStateRequest {
        var request = RoutingStateRequest()
        guard isStateful else { return request }
        var included: Set<UUID> = []
        for (lead, source) in leads where !pauses.hold(source) {
            let rules = rules(of: source)
            let isSettled = rules.forEachMatch(lead) { number in
                let entry = rules[number]
                guard entry.obstacle == nil else { return true }
                guard let pool = entry.pool else {
                    guard !excluding.isEmpty, case .routed(let destination, _, _) = entry.outcome else { return false }
                    return excluding.contains(destination)
                }
                include(pool, lead, in: &request, &included)
                return !pool.alwaysEnds || !excluding.isEmpty
            }
            if !isSettled, let source, let pool = fallbackPools[source] {
                include(pool, lead, in: &request, &included)
            }
        }
        return request
    }

    private func include(
        _ pool: CompiledPool,
        _ lead: Lead,
        in request: inout RoutingStateRequest,
        _ included: inout Set<UUID>
    ) {
        if let kind = pool.stickyBy, let key = StickyKey.digest(of: lead, by: kind) {
            request.sticky.insert(.init(rule: pool.rule, key: key))
        }
        guard included.insert(pool.rule).inserted else { return }
        request.formUnion(pool.request)
    }

    /// Decides where a lead goes, with capacity, opening hours, turns and assignees.
    ///
    /// Pure: the same lead, version and state always give the same decision. What it takes is added to the state, so
    /// that the next lead of a batch is decided after it, and is returned in ``RoutingDecision/use``. It counts only if
    /// the lead is written as decided; otherwise ``RoutingState/apply(_:times:)`` subtracts it.
    ///
    /// - Parameters:
    ///   - lead: the lead.
    ///   - source: the workspace that it came from.
    ///   - state: the state for ``stateRequest(for:excluding:)``.
    ///   - waitedFor: the rule that the lead has waited for, whose queue it is already in.
    ///   - excluding: workspaces that have returned the lead, so that it must not go there.
    /// - Returns: the destination and the reason.
    package func decide(
        _ lead: Lead,
        from source: UUID?,
        in state: inout RoutingState,
        waitedFor: UUID? = nil,
        excluding: Set<UUID> = []
    ) -> RoutingDecision {
        if !isStateful, excluding.isEmpty, let plain = decideWithoutState(lead, from: source) { return plain }
        if let held = held(source) { return held }
        let rules = rules(of: source)
        var context = DecisionContext(lead: lead, taking: &state)
        context.excluded = excluding
        var skipped: [Int] = []
        var refusals: [(what: RoutingText, audience: RoutingText.Audience)] = []
        var decision: RoutingDecision?
        var work = DecisionWork()
        rules.forEachMatch(lead, &work) { number in
            let entry = rules[number]
            guard entry.obstacle == nil else {
                skipped.append(number)
                return true
            }
            guard let pool = entry.pool else {
                if !excluding.isEmpty, case .routed(let destination, _, _) = entry.outcome,
                    excluding.contains(destination)
                {
                    refusals.append(("\(entry.name), whose destination has returned this lead", entry.audience))
                    return true
                }
                decision = RoutingDecision(outcome: entry.outcome, reason: entry.reason)
                return false
            }
            switch pool.choose(&context, waited: waitedFor == pool.rule) {
            case .taken(let number, let how):
                decision = routed(pool, pool.members[number], "\(entry.reason)\(how)", &context)
                return false
            case .refused(let why, let canChange):
                if canChange, pool.whenFull == .wait {
                    decision = RoutingDecision(
                        outcome: .waiting(rule: pool.rule, ruleName: pool.ruleName),
                        reason: "Waiting for \(withNoun: pool.name), which \(why)."
                    )
                    return false
                }
                refusals.append(("\(pool.name), which \(why)", pool.audience))
                return true
            }
        }
        var result = decision ?? unmatched(lead, from: source, rules, skipped, work, &context)
        if decision != nil, !skipped.isEmpty { result.reason += rules.sentence(skipped: skipped) }
        if !refusals.isEmpty { result.reason += SourceRules.sentence(" Could not be used: ", refusals) }
        result = result.adding(work, of: rules)
        result.reason.source = source
        if !context.seen.isEmpty || !context.use.charges.isEmpty {
            context.use.charged = context.use.charges.filter { $0.key.period != nil }
                .map { context.seen.place(of: $0, context.state.amount($0.key)) }
            context.use.seen = context.seen.json(now: context.state.now)
            result.use = context.use
            context.state.apply(context.use)
        }
        swap(&state, &context.state)
        return result
    }

    private func routed(
        _ pool: CompiledPool,
        _ member: CompiledMember,
        _ reason: RoutingText,
        _ context: inout DecisionContext
    ) -> RoutingDecision {
        var reason = reason
        let assigned = member.assign(&context)
        if let assigned { reason += assigned.reason }
        var decision = RoutingDecision(
            outcome: .routed(destination: member.workspace, rule: pool.rule, ruleName: pool.ruleName),
            reason: reason
        )
        decision.assignee = assigned?.person
        return decision
    }

    private func unmatched(
        _ lead: Lead,
        from source: UUID?,
        _ rules: SourceRules,
        _ skipped: [Int],
        _ work: DecisionWork,
        _ context: inout DecisionContext
    ) -> RoutingDecision {
        var (outcome, what) = unmatched(from: source)
        let why = rules.whyNone(lead, skipped: skipped, work)
        var person: Assignee?
        if case .fallback(let destination) = outcome, let source, context.excluded.contains(destination) {
            outcome = .unmatched(keptIn: source)
            what = "No other rule matched; kept in its source workspace."
        } else if let source, let pool = fallbackPools[source] {
            switch pool.choose(&context, waited: false) {
            case .taken(let number, _):
                let assigned = pool.members[number].assign(&context)
                person = assigned?.person
                if let assigned { what += assigned.reason }
            case .refused(let refusal, _):
                outcome = .unmatched(keptIn: source)
                what = "No rule matched; kept in its source workspace, because the fallback \(refusal)."
            }
        }
        var decision = RoutingDecision(outcome: outcome, reason: "\(what)\(why)")
        decision.assignee = person
        return decision
    }

    /// How many leads a rule with waiting leads could send now.
    ///
    /// - Parameters:
    ///   - rule: the rule.
    ///   - state: the state for ``waitRequest(of:)``.
    /// - Returns: the number of leads; nil if leads no longer wait for the rule, and those that do must be decided
    ///   again.
    package func room(under rule: UUID, in state: RoutingState) -> Int? {
        guard let pool = waitPools[rule] else { return nil }
        func room(_ caps: [CompiledCap]) -> Int64 {
            caps.map { max($0.limit - state.amount($0.counter.key).value, 0) }.min() ?? Cap.largestLimit
        }
        var members: Int64 = 0
        for member in pool.members where member.obstacle == nil {
            if let hours = member.hours, let time = state.clocks[member.workspace], !hours.isOpen(at: time) { continue }
            members += room(member.caps)
        }
        return Int(min(room(pool.caps), members, Cap.largestLimit))
    }

    /// The state that ``room(under:in:)`` reads for some rules.
    package func waitRequest(of rules: some Sequence<UUID>) -> RoutingStateRequest {
        var request = RoutingStateRequest()
        for rule in rules {
            guard let pool = waitPools[rule] else { continue }
            request.formUnion(pool.request)
        }
        return request
    }
}

extension RoutingStateRequest {
    /// Adds another request.
    package mutating func formUnion(_ other: RoutingStateRequest) {
        keys.formUnion(other.keys)
        clocks.merge(other.clocks) { first, _ in first }
        sticky.formUnion(other.sticky)
        waiting.formUnion(other.waiting)
        needsTime = needsTime || other.needsTime
    }
}
