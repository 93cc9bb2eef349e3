import FoundationEssentials

/// Why a rule's destination cannot take a lead.
enum RuleObstacle: Sendable, Hashable {
    case noSuchWorkspace
    case suspended
    case inactive
    case paused
    case noAgreement
    case unreadable

    /// The end of a sentence that begins with the destination.
    var predicate: String {
        switch self {
        case .noSuchWorkspace: "does not exist"
        case .suspended: "is suspended"
        case .inactive: "is not active"
        case .paused: "is paused"
        case .noAgreement: "has not agreed to receive"
        case .unreadable: "has a capacity that cannot be read"
        }
    }
}

/// The rules that apply to the leads of one source: its own, and those of the platform, which all sources share.
///
/// A rule is identified by a number: its place among the source's own rules, or after those among the platform's. A
/// class, so that passing it costs one reference; it is immutable.
final class SourceRules: Sendable {
    /// Its own rules.
    let own: RuleTable
    /// Those of the platform.
    let shared: RuleTable
    private let ownCount: Int
    /// For each of its own rules, how many of the shared ones come before it.
    private let sharedBefore: [Int32]

    /// The rules of a source.
    ///
    /// - Parameters:
    ///   - own: its own.
    ///   - shared: those of the platform.
    ///   - sharedBefore: for each of its own, how many of the platform's come before it.
    init(own: RuleTable, shared: RuleTable, sharedBefore: [Int32]) {
        self.own = own
        self.shared = shared
        ownCount = own.count
        self.sharedBefore = sharedBefore
    }

    /// For each of some sorted rules, how many of the others come before it; the others without unreadable ones.
    static func places(of own: [RoutingRule], among shared: [RuleOrder]) -> [Int32] {
        var before = 0
        return own.filter(\.conditions.problems.isEmpty)
            .map { rule in
                while before < shared.count, shared[before].precedes(rule.order) { before += 1 }
                return Int32(truncatingIfNeeded: before)
            }
    }

    /// A rule by its number.
    subscript(number: Int) -> RuleTable.Entry {
        number < ownCount ? own[number] : shared[number - ownCount]
    }

    private func isBefore(_ one: Int, _ other: Int) -> Bool {
        switch (one < ownCount, other < ownCount) {
        case (true, true), (false, false): one < other
        case (true, false): Int(sharedBefore[one]) <= other - ownCount
        case (false, true): Int(sharedBefore[other]) > one - ownCount
        }
    }

    /// The result of the rules for a lead.
    struct Finding {
        /// The first rule that matches and can take the lead.
        var winner: Int?
        /// The matching rules before it that cannot take the lead.
        var skipped: [Int] = []
        /// Without a winner: the nearest rules, of its own and of the shared ones.
        var nearest: (own: RuleTable.Nearest, shared: RuleTable.Nearest)?
        /// The steps of the conditions.
        var work = DecisionWork()
    }

    /// Finds the rule for a lead; allocates nothing unless a rule is skipped.
    func find(_ lead: Lead) -> Finding {
        var finding = Finding()
        var skipped: [Int] = []
        var winner: Int?
        finding.nearest =
            search(lead, findsNearest: true, &finding.work) { rule in
                if self[rule].obstacle == nil {
                    winner = rule
                    return false
                }
                skipped.append(rule)
                return true
            }
            .nearest
        finding.winner = winner
        finding.skipped = skipped
        return finding
    }

    /// Calls `body` with each rule that matches a lead, in order, until it returns false; allocates nothing.
    ///
    /// - Returns: whether `body` stopped it.
    @discardableResult
    func forEachMatch(_ lead: Lead, _ body: (Int) -> Bool) -> Bool {
        var work = DecisionWork()
        return forEachMatch(lead, &work, body)
    }

    /// The same, within the steps that are left.
    @discardableResult
    func forEachMatch(_ lead: Lead, _ work: inout DecisionWork, _ body: (Int) -> Bool) -> Bool {
        search(lead, findsNearest: false, &work, body).isEnded
    }

    /// What a decision reports if its steps were used up; nil if they were not.
    func exceeded(_ work: DecisionWork) -> ExceededSteps? {
        guard work.own.passedOver + work.shared.passedOver > 0 else { return nil }
        let isShared = work.own.passedOver == 0
        let part = isShared ? work.shared : work.own
        guard let (rule, _) = part.costliest else { return nil }
        let entry = isShared ? shared[rule] : own[rule]
        return ExceededSteps(
            rule: entry.id,
            ruleName: entry.name,
            isShared: isShared,
            passedOver: work.own.passedOver + work.shared.passedOver
        )
    }

    /// Iterates over the matching rules; if `body` did not stop, finds the nearest rules.
    private func search(
        _ lead: Lead,
        findsNearest: Bool,
        _ work: inout DecisionWork,
        _ body: (Int) -> Bool
    ) -> (isEnded: Bool, nearest: (own: RuleTable.Nearest, shared: RuleTable.Nearest)?) {
        withUnsafePointer(to: lead) { lead in
            if shared.count == 0 {
                let (isEnded, nearest) = Self.search(own, lead, from: 0, findsNearest: findsNearest, &work.own, body)
                return (isEnded, nearest.map { ($0, RuleTable.Nearest()) })
            }
            if ownCount == 0 {
                let (isEnded, nearest) = Self.search(
                    shared,
                    lead,
                    from: 0,
                    findsNearest: findsNearest,
                    &work.shared,
                    body
                )
                return (isEnded, nearest.map { (RuleTable.Nearest(), $0) })
            }
            return own.index.withCandidates(for: lead) { owns in
                shared.index.withCandidates(for: lead) { others in
                    var mine = owns.next()
                    var other = others.next()
                    while mine != nil || other != nil {
                        if let rule = mine, other.map({ Int(sharedBefore[rule]) <= $0 }) ?? true {
                            if own.isMet(rule, lead, &work.own), !body(rule) { return (true, nil) }
                            mine = owns.next()
                        } else if let rule = other {
                            if shared.isMet(rule, lead, &work.shared), !body(ownCount + rule) { return (true, nil) }
                            other = others.next()
                        }
                    }
                    let nearest =
                        findsNearest
                        ? (own.nearest(lead, &owns, &work.own), shared.nearest(lead, &others, &work.shared)) : nil
                    return (false, nearest)
                }
            }
        }
    }

    private static func search(
        _ table: RuleTable,
        _ lead: UnsafePointer<Lead>,
        from first: Int,
        findsNearest: Bool,
        _ work: inout DecisionWork.Part,
        _ body: (Int) -> Bool
    ) -> (isEnded: Bool, nearest: RuleTable.Nearest?) {
        table.index.withCandidates(for: lead) { candidates in
            while let rule = candidates.next() {
                if table.isMet(rule, lead, &work), !body(first + rule) { return (true, nil) }
            }
            return (false, findsNearest ? table.nearest(lead, &candidates, &work) : nil)
        }
    }

    /// Explains why no rule took a lead.
    func whyNone(_ lead: Lead, skipped: [Int], _ work: DecisionWork) -> RoutingText {
        var finding = Finding()
        finding.skipped = skipped
        finding.work = work
        finding.nearest = search(lead, findsNearest: true, &finding.work) { _ in true }.nearest
        return whyNone(lead, finding)
    }

    /// Mentions at most three matching rules that could not be used, with a space before it.
    ///
    /// Each rule is for those who may read it: what else the sender's rules would have done is not for the destination.
    func sentence(skipped: [Int]) -> RoutingText {
        Self.sentence(
            " Skipped: ",
            skipped.map { number in
                let rule = self[number]
                let what: RoutingText = "\(rule.name), whose destination \((rule.obstacle ?? .inactive).predicate)"
                return (what, rule.audience)
            }
        )
    }

    /// A sentence about at most three rules, for those who may read them; nothing for other readers.
    static func sentence(
        _ start: RoutingText,
        _ rules: [(what: RoutingText, audience: RoutingText.Audience)]
    ) -> RoutingText {
        var whole = RoutingText()
        for audience in [RoutingText.Audience.source, .platform] {
            let own = rules.filter { $0.audience == audience }
            guard let first = own.first else { continue }
            var sentence: RoutingText = "\(start)\(first.what)"
            for rule in own.dropFirst().prefix(2) { sentence += "; \(rule.what)" }
            if own.count > 3 { sentence += "; \(own.count - 3) more" }
            whole += "\("\(sentence).", for: audience)"
        }
        return whole
    }

    /// Explains why no rule took a lead: the skipped rules, the condition that the nearest rule missed, unreadable
    /// rules; with a space before it.
    func whyNone(_ lead: Lead, _ finding: Finding) -> RoutingText {
        let unreadable = own.unreadable + shared.unreadable
        guard ownCount + shared.count > 0 || !unreadable.isEmpty else {
            return " There are no active rules for its leads."
        }
        var sentences = RoutingText()
        if !finding.skipped.isEmpty { sentences += sentence(skipped: finding.skipped) }
        if let nearest = nearestRule(lead, finding) { sentences += nearest }
        if let (name, problem) = unreadable.first {
            let place = problem.field.isEmpty ? "" : " (\(problem.field))"
            let others = unreadable.count > 1 ? ", and \(unreadable.count - 1) more," : ""
            let sentence: RoutingText = " Rule \(name)\(others) is ignored: its conditions cannot be read\(place)."
            sentences += "\(sentence, for: own.unreadable.isEmpty ? .platform : .source)"
        }
        return sentences.isEmpty ? " No rule has a destination that can take leads." : sentences
    }

    /// Names the nearest rule; nil if there is none, or if finding it takes more steps than are left.
    private func nearestRule(_ lead: Lead, _ finding: Finding) -> RoutingText? {
        var steps = finding.work.own.steps
        guard !steps.isUsedUp, !finding.work.shared.steps.isUsedUp,
            let (rule, misses) = nearestMiss(lead, finding, &steps)
        else { return nil }
        let sentence = nearMiss(self[rule], lead, misses, &steps)
        return steps.isUsedUp ? nil : "\(sentence, for: self[rule].audience)"
    }

    /// The rule that misses the fewest conditions, among those whose destination can take leads; the first of several;
    /// and how many.
    ///
    /// Indexed fields are counted for all rules; other conditions only for rules that miss nothing else.
    private func nearestMiss(
        _ lead: Lead,
        _ finding: Finding,
        _ steps: inout StepCount
    ) -> (rule: Int, misses: Int)? {
        guard let found = finding.nearest else { return nil }
        let evaluated = first(found.own.evaluated, found.shared.evaluated)
        var counted: Int?
        switch (found.own.counted, found.shared.counted) {
        case (let mine?, let other?) where mine.misses != other.misses:
            counted = mine.misses < other.misses ? mine.rule : ownCount + other.rule
        case (let mine, let other): counted = first(mine?.rule, other?.rule)
        }
        func misses(_ rule: Int) -> (rule: Int, misses: Int) {
            (rule, self[rule].conditions.failureCount(for: lead, counting: &steps))
        }
        guard let one = evaluated.map(misses), let other = counted.map(misses) else {
            return (evaluated ?? counted).map(misses)
        }
        if one.misses != other.misses { return one.misses < other.misses ? one : other }
        return isBefore(one.rule, other.rule) ? one : other
    }

    /// The earlier of an own rule and a shared rule.
    private func first(_ mine: Int?, _ other: Int?) -> Int? {
        guard let other = other.map({ $0 + ownCount }) else { return mine }
        guard let mine else { return other }
        return isBefore(mine, other) ? mine : other
    }

    /// Names the condition that the nearest rule missed, and the lead's value.
    private func nearMiss(
        _ rule: RuleTable.Entry,
        _ lead: Lead,
        _ count: Int,
        _ steps: inout StepCount
    ) -> RoutingText {
        guard let first = rule.conditions.firstMiss(for: lead, counting: &steps) else {
            return " Nearest \(withNoun: rule.name) (priority \(rule.priority))."
        }
        let others = count > 1 ? ", and \(count - 1) more of its conditions \(count == 2 ? "fails" : "fail")" : ""
        return """
             Nearest \(withNoun: rule.name) (priority \(rule.priority)) wants \(first.wanted); \
            the lead \(first.loggable)\(others).
            """
    }
}
