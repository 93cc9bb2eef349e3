package import FoundationEssentials

/// The result of every rule for one lead, in evaluation order.
///
/// Evaluates every rule without the index, and must give the same result as the index. Some microseconds a rule.
package struct RuleTrace: Sendable {
    /// The result of a rule for the lead.
    package enum Verdict: Sendable, Hashable {
        /// It matched, and the lead was routed by it.
        case took
        /// It matched, and the lead waits for it.
        case waits
        /// It matched, but was skipped.
        case skipped(because: RoutingText)
        /// It matches as well, but comes after the rule that took the lead.
        case comesLater
        /// A condition does not hold.
        case missed(ConditionFailure, SmallestChange?)
        /// Its conditions cannot be read, so it is skipped.
        case unreadable(FieldProblem)
        /// Its conditions take more steps than a decision may, so it is passed over.
        case tooCostly

        /// The API's name of the verdict.
        package var name: String {
            switch self {
            case .took: "took"
            case .waits: "waits"
            case .skipped: "passed-over"
            case .comesLater: "comes-later"
            case .missed: "missed"
            case .unreadable: "unreadable"
            case .tooCostly: "too-costly"
            }
        }
    }

    /// A rule with its verdict.
    package struct Step: Sendable {
        /// The place among the rules, from 1; nil for a rule that cannot be read.
        package var position: Int?
        /// The rule.
        package var rule: RoutingRule
        /// Whether it is a rule of the platform.
        package var isShared: Bool
        /// The result.
        package var verdict: Verdict
        /// Whether it could have taken the lead if it had matched: its destination can take leads, and some lead can
        /// match.
        package var isUsable = true
    }

    /// The listed rules, in order: those that matched, and the nearest of the others.
    package private(set) var steps: [Step] = []
    /// How many rules apply to the lead.
    package private(set) var ruleCount = 0
    /// How many of them match it.
    package private(set) var matchCount = 0
    /// How many rules that do not match are not listed.
    package private(set) var hiddenCount = 0
    /// How many rules were not evaluated, because the time limit was reached.
    package private(set) var notEvaluated = 0
    /// The decision of the rules.
    package let decision: RoutingDecision
    /// Whether a decision under these rules may depend on caps, turns or clocks.
    package let isStateful: Bool
    /// Caps, turns and clocks that the decision read, in words.
    package private(set) var capacity: [RoutingText] = []
    /// How many of the rules belong to the lead's source, and how many of those match.
    package private(set) var ownCounts = (rules: 0, matches: 0)

    /// The rule that decided, if one did.
    package var decisive: Step? { steps.first { $0.verdict == .took || $0.verdict == .waits } }

    /// The rules that do not match, those with the smallest change first.
    package var nearest: [Step] {
        steps.filter { $0.verdict.cost != nil }
            .sorted { ($0.verdict.cost ?? 0, $0.position ?? 0) < ($1.verdict.cost ?? 0, $1.position ?? 0) }
    }

    /// Evaluates a rule set for a lead.
    ///
    /// - Parameters:
    ///   - lead: the lead.
    ///   - source: the workspace that it came from.
    ///   - snapshot: the rule set.
    ///   - state: caps, turns and clocks that the decision read; nil: nothing taken, all open. A lead that was in a
    ///     queue has not read the queue, so that its own place is not reported.
    ///   - excluding: the workspaces that had returned it.
    ///   - limit: how many of the rules that do not match are listed.
    ///   - isOver: whether to stop; asked before each rule.
    package init(
        of lead: Lead,
        from source: UUID?,
        in snapshot: RuleSetSnapshot,
        state: RoutingState? = nil,
        excluding: Set<UUID> = [],
        limit: Int = 20,
        until isOver: () -> Bool = { false }
    ) {
        let compiled = CompiledRuleSet(snapshot)
        isStateful = compiled.isStateful
        let stood = state ?? RoutingState()
        var state = stood
        decision = compiled.decide(lead, from: source, in: &state, excluding: excluding)
        let applied = AppliedRules(snapshot, source: source)
        ruleCount = applied.entries.count + applied.unreadable.count
        ownCounts.rules =
            applied.entries.count { !$0.isShared } + applied.unreadable.count { $0.workspaceID == source }
        var missed: [Step] = []
        var isDecided = false
        for (place, entry) in applied.entries.enumerated() {
            if isOver() {
                notEvaluated = applied.entries.count - place
                break
            }
            var step = Step(position: place + 1, rule: entry.rule, isShared: entry.isShared, verdict: .comesLater)
            var steps = StepCount(DecisionWork.limit)
            let matches = entry.rule.conditions.matches(lead, counting: &steps)
            guard !steps.isUsedUp else {
                step.verdict = .tooCostly
                step.isUsable = false
                // Of thousands of them, the first ones are enough.
                if self.steps.count < 200 { self.steps.append(step) } else { hiddenCount += 1 }
                continue
            }
            if !matches, let failure = entry.rule.conditions.firstFailure(for: lead) {
                step.verdict = .missed(failure, entry.rule.conditions.smallestChange(for: lead))
                step.isUsable = entry.obstacle == nil
                missed.append(step)
                continue
            }
            matchCount += 1
            if !entry.isShared { ownCounts.matches += 1 }
            if !isDecided {
                step.verdict = Self.verdict(on: entry, decision, lead, stood, excluding)
                if let pool = entry.destination.pool { capacity += pool.words(in: stood).map { $0.about(source) } }
                isDecided = step.verdict == .took || step.verdict == .waits
            }
            // Of thousands of matching rules, the first ones are enough.
            if matchCount <= 200 { self.steps.append(step) } else { hiddenCount += 1 }
        }
        self.steps += applied.unreadable.prefix(20)
            .compactMap { rule in
                rule.conditions.problems.first
                    .map {
                        Step(position: nil, rule: rule, isShared: rule.workspaceID == nil, verdict: .unreadable($0))
                    }
            }
        let near = missed.enumerated()
            .sorted { ($0.element.verdict.cost ?? .max, $0.offset) < ($1.element.verdict.cost ?? .max, $1.offset) }
            .prefix(limit)
            .map { Self.withoutVainChange($0.element) }
        hiddenCount += missed.count - near.count
        self.steps = (self.steps + near).sorted { ($0.position ?? .max) < ($1.position ?? .max) }
    }

    /// A step without its smallest change, if no lead at all can match the rule.
    private static func withoutVainChange(_ step: Step) -> Step {
        guard case .missed(let failure, _?) = step.verdict else { return step }
        let conditions = step.rule.conditions
        let facts = RuleFacts(conditions)
        let cells = CellIndex([conditions]).cells(of: facts.narrowed(conditions))
        guard facts.isContradictory || cells.isEmpty else { return step }
        var step = step
        step.verdict = .missed(failure, nil)
        step.isUsable = false
        return step
    }

    private static func verdict(
        on entry: AppliedRules.Entry,
        _ decision: RoutingDecision,
        _ lead: Lead,
        _ state: RoutingState,
        _ excluding: Set<UUID>
    ) -> Verdict {
        switch decision.outcome {
        case .routed(_, let rule, _) where rule == entry.rule.id: return .took
        case .waiting(let rule, _) where rule == entry.rule.id: return .waits
        case .paused: return .comesLater
        default: break
        }
        if decision.exceeded != nil { return .tooCostly }
        if let obstacle = entry.obstacle {
            return .skipped(because: RoutingText("its destination \(obstacle.predicate)"))
        }
        var state = state
        guard let pool = entry.destination.pool else {
            return .skipped(
                because: excluding.contains(entry.destination.workspace)
                    ? "its destination has returned this lead" : "no destination could take it"
            )
        }
        var context = DecisionContext(lead: lead, taking: &state)
        context.excluded = excluding
        guard case .refused(let why, _) = pool.choose(&context, waited: false) else {
            return .skipped(because: "no destination could take it")
        }
        return .skipped(because: "it \(why)")
    }
}

extension RuleTrace.Verdict {
    /// How many fields would have to change for the rule to match; nil unless it missed and can be met.
    fileprivate var cost: Int? {
        guard case .missed(_, let change?) = self else { return nil }
        return change.cost
    }
}
