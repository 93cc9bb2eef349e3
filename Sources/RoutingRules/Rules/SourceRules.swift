import FoundationEssentials

/// Why a rule's destination cannot take a lead.
enum RuleObstacle: Sendable, Hashable {
    case noSuchWorkspace
    case inactive
    case paused
    case noAgreement
    case unreadable

    /// The end of a sentence that begins with the destination.
    var predicate: String {
        switch self {
        case .noSuchWorkspace: "does not exist"
        case .inactive: "is not active"
        case .paused: "is paused"
        case .noAgreement: "has not agreed to receive"
        case .unreadable: "has a capacity that cannot be read"
        }
    }
}

/// The rules that apply to the leads of one source, in order and indexed.
///
/// A class, so that handing it around costs one reference; it never changes.
final class SourceRules: Sendable {
    /// A rule with everything that a decision says about it.
    struct Entry: Sendable {
        let name: String
        let priority: Int32
        let conditions: RuleConditions
        let obstacle: RuleObstacle?
        let outcome: RoutingDecision.Outcome
        let reason: String
        /// How the destination is found, where the rules alone do not settle it.
        let pool: CompiledPool?
    }

    /// The rules whose conditions can be understood, in the order in which they are tried.
    let rules: [Entry]
    private let index: RuleIndex
    /// The rules whose destination can take leads, a bit each.
    private let usable: [UInt64]
    private let unreadable: [(name: String, problem: ConditionProblem)]

    /// Compiles rules that are in order already.
    init(_ ordered: [RoutingRule], destination: (RoutingRule) -> CompiledDestination) {
        rules = ordered.filter(\.conditions.problems.isEmpty)
            .map { rule in
                let destination = destination(rule)
                return Entry(
                    name: rule.name,
                    priority: rule.priority,
                    conditions: rule.conditions,
                    obstacle: destination.obstacle,
                    outcome: .routed(
                        destination: destination.workspace,
                        rule: rule.id,
                        ruleName: rule.name
                    ),
                    reason: "Matched rule “\(rule.name)” (priority \(rule.priority)).",
                    pool: destination.pool
                )
            }
        unreadable = ordered.compactMap { rule in rule.conditions.problems.first.map { (rule.name, $0) }
        }
        index = RuleIndex(rules.map(\.conditions))
        var usable = [UInt64](repeating: 0, count: index.width)
        for (number, rule) in rules.enumerated() where rule.obstacle == nil {
            usable[number / 64] |= 1 << UInt64(number % 64)
        }
        self.usable = usable
    }

    /// What the rules say about a lead.
    struct Finding {
        /// The first rule that matches and can be used.
        var winner: Int?
        /// The rules before it that match and cannot be used.
        var passedOver: [Int] = []
    }

    /// Finds the rule for a lead; allocates nothing unless a rule is passed over.
    func find(_ lead: Lead) -> Finding {
        var finding = Finding()
        forEachMatch(lead) { rule in
            if rules[rule].obstacle == nil {
                finding.winner = rule
                return false
            }
            finding.passedOver.append(rule)
            return true
        }
        return finding
    }

    /// Calls `body` with each rule that matches a lead, in order, until it returns false; allocates nothing.
    ///
    /// - Returns: whether `body` ended it.
    @discardableResult
    func forEachMatch(_ lead: Lead, _ body: (Int) -> Bool) -> Bool {
        withUnsafePointer(to: lead) { lead in
            index.withCandidates(for: lead) { candidates in
                while let rule = candidates.next() {
                    if index.needsCheck(rule), !isTreeMet(rule, lead) { continue }
                    guard body(rule) else { return true }
                }
                return false
            }
        }
    }

    private func isTreeMet(_ rule: Int, _ lead: UnsafePointer<Lead>) -> Bool {
        rules[rule].conditions.tree?.isMet(by: lead.pointee) ?? true
    }

    /// Says why no rule took a lead.
    func whyNone(_ lead: Lead, passedOver: [Int]) -> String {
        var finding = Finding()
        finding.passedOver = passedOver
        return whyNone(lead, finding)
    }

    /// Says which matching rules could not be used, naming at most three.
    func sentence(passedOver: [Int]) -> String {
        var parts = passedOver.prefix(3)
            .map { number in
                let rule = rules[number]
                return "“\(rule.name)”, whose destination \((rule.obstacle ?? .inactive).predicate)"
            }
        if passedOver.count > 3 { parts.append("\(passedOver.count - 3) more") }
        return "Passed over: \(parts.joined(separator: "; "))."
    }

    /// Says why no rule took a lead: what was passed over, what the nearest rule missed, what cannot be read.
    func whyNone(_ lead: Lead, _ finding: Finding) -> String {
        guard !rules.isEmpty || !unreadable.isEmpty else {
            return "There are no active rules for its leads."
        }
        var sentences: [String] = []
        if !finding.passedOver.isEmpty { sentences.append(sentence(passedOver: finding.passedOver)) }
        if let nearest = nearestMiss(lead) { sentences.append(nearMiss(rules[nearest], lead)) }
        if let (name, problem) = unreadable.first {
            let place = problem.path.isEmpty ? "" : " (\(problem.path))"
            let others = unreadable.count > 1 ? ", and \(unreadable.count - 1) more," : ""
            sentences.append(
                "Rule “\(name)”\(others) is left out: its conditions cannot be read\(place)."
            )
        }
        return sentences.isEmpty
            ? "No rule has a destination that can take leads." : sentences.joined(separator: " ")
    }

    /// The rule whose destination can take leads that misses the fewest conditions; the first of several.
    ///
    /// Fields of the index are counted for all rules; conditions that it does not hold only for rules that miss nothing
    /// else.
    private func nearestMiss(_ lead: Lead) -> Int? {
        let (evaluated, counted) = withUnsafePointer(to: lead) { lead -> (Int?, Int?) in
            let counted = index.withCandidates(for: lead) { $0.nearestMiss(among: usable) }
            let evaluated = index.withCandidates(for: lead) { candidates -> Int? in
                while let rule = candidates.next() {
                    if rules[rule].obstacle == nil, index.needsCheck(rule), !isTreeMet(rule, lead) { return rule }
                }
                return nil
            }
            return (evaluated, counted)
        }
        guard let evaluated, let counted else { return evaluated ?? counted }
        let misses = [evaluated, counted].map { rules[$0].conditions.failureCount(for: lead) }
        if misses[0] != misses[1] { return misses[0] < misses[1] ? evaluated : counted }
        return min(evaluated, counted)
    }

    /// Says what the nearest rule asks for and what the lead has instead.
    private func nearMiss(_ rule: Entry, _ lead: Lead) -> String {
        guard let first = rule.conditions.firstFailure(for: lead) else {
            return "Nearest rule “\(rule.name)” (priority \(rule.priority))."
        }
        let count = rule.conditions.failureCount(for: lead)
        let others = count > 1 ? ", and \(count - 1) more of its conditions \(count == 2 ? "fails" : "fail")" : ""
        let isWhole = first.op == "any" || first.op == "not"
        let wanted = isWhole ? first.expected : "\(first.noun) \(first.expected)"
        return
            "Nearest rule “\(rule.name)” (priority \(rule.priority)) wants \(wanted); "
            + "the lead \(first.loggable)\(others)."
    }
}
