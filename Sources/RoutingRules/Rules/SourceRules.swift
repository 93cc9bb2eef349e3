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
        /// What the lead's values select.
        let selection: RuleIndex.Selection
    }

    /// Finds the rule for a lead; allocates nothing unless a rule is passed over.
    func find(_ lead: Lead) -> Finding {
        var finding = Finding(selection: index.selection(for: lead))
        index.forEachMatchingWord(finding.selection) { word, matching in
            var matching = matching
            while matching != 0 {
                let rule = word * 64 + matching.trailingZeroBitCount
                if let tree = rules[rule].conditions.tree, !tree.isMet(by: lead) {
                    matching &= matching - 1
                    continue
                }
                if rules[rule].obstacle == nil {
                    finding.winner = rule
                    return false
                }
                finding.passedOver.append(rule)
                matching &= matching - 1
            }
            return true
        }
        return finding
    }

    /// Calls `body` with each rule that matches a lead, in order, until it returns false.
    ///
    /// - Returns: whether `body` ended it.
    @discardableResult
    func forEachMatch(_ lead: Lead, _ body: (Int) -> Bool) -> Bool {
        var isEnded = false
        index.forEachMatchingWord(index.selection(for: lead)) { word, matching in
            var matching = matching
            while matching != 0 {
                guard body(word * 64 + matching.trailingZeroBitCount) else {
                    isEnded = true
                    return false
                }
                matching &= matching - 1
            }
            return true
        }
        return isEnded
    }

    /// Says why no rule took a lead.
    func whyNone(_ lead: Lead, passedOver: [Int]) -> String {
        var finding = Finding(selection: index.selection(for: lead))
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
        if let nearest = index.nearestMiss(finding.selection, among: usable) {
            let failures = index.failures(of: nearest, finding.selection)
            if let first = failures.first {
                sentences.append(nearMiss(rules[nearest], first, of: failures.count, lead))
            }
        }
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

    /// Says what the nearest rule asks for and what the lead has instead.
    private func nearMiss(
        _ rule: Entry,
        _ attribute: Attribute,
        of misses: Int,
        _ lead: Lead
    )
        -> String
    {
        let wanted = rule.conditions.values(for: attribute)
        var expected = wanted.prefix(5).map { Self.shortened($0) }.joined(separator: ", ")
        if wanted.count > 5 { expected += " or \(wanted.count - 5) more" }
        let value = attribute.value(of: lead) ?? ""
        var actual = CanonicalText.trimmed(value).isEmpty ? "has none" : "has \(Self.shortened(value))"
        if attribute == .usState || attribute == .region, let country = lead.location?.country,
            !country.isEmpty
        {
            actual += " in \(Self.shortened(country))"
        }
        let others =
            misses > 1
            ? ", and \(misses - 1) more of its conditions \(misses == 2 ? "fails" : "fail")" : ""
        return
            "Nearest rule “\(rule.name)” (priority \(rule.priority)) wants \(attribute.noun) \(expected); "
            + "the lead \(actual)\(others)."
    }

    /// A value for a sentence: one line, at most 60 characters.
    private static func shortened(_ value: String) -> String {
        guard value.utf8.count > 60 || value.utf8.contains(where: { $0 < 0x20 }) else { return value }
        let text = String(
            String.UnicodeScalarView(value.unicodeScalars.prefix(60).map { $0.value < 0x20 ? " " : $0 })
        )
        return value.unicodeScalars.count > 60 ? text + "…" : text
    }
}
