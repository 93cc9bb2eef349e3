import FoundationEssentials

/// One lint run over the rules of one owner.
struct OwnerLint {
    let owner: UUID?
    let applied: AppliedRules
    let view: RuleSetView
    /// How many active rules the owner has.
    let ownCount: Int
    private let steps: Int
    private let reader: TextReader

    /// - Parameters:
    ///   - rules: the rules among which are all that apply to the owner's leads.
    ///   - view: the workspaces.
    ///   - owner: the workspace; nil for the platform.
    ///   - steps: the most steps of the search for several rules that cover another one together.
    ///   - reader: the reader of the findings.
    init(_ rules: [RoutingRule], _ view: RuleSetView, owner: UUID?, steps: Int, for reader: TextReader) {
        self.view = view
        self.reader = reader
        let isPlatform = owner.map { view.workspaces[$0]?.isPlatform == true } ?? true
        self.owner = isPlatform ? nil : owner
        applied = AppliedRules(rules, view, source: self.owner)
        self.steps = steps
        ownCount = applied.entries.count { $0.isShared == isPlatform } + applied.unreadable.count
    }

    /// A workspace for the reader; nil if it does not exist.
    private func name(ofWorkspace id: UUID) -> String? {
        view.workspaces[id].map { reader.reads(ownedBy: id) ? "“\($0.name)”" : "another workspace" }
    }

    /// A rule for the reader.
    private func name(_ rule: RoutingRule) -> String {
        reader.reads(ownedBy: rule.workspaceID) ? "“\(rule.name)”" : "a rule of the platform"
    }

    /// A rule, if the reader may read it.
    private func readable(_ rule: RoutingRule) -> RoutingRule? {
        reader.reads(ownedBy: rule.workspaceID) ? rule : nil
    }

    private func isOwn(_ entry: AppliedRules.Entry) -> Bool { entry.isShared == (owner == nil) }

    /// All findings, in evaluation order; or only those about one rule.
    ///
    /// `errorsOnly` skips the comparison of rules with each other, which never gives an error and takes most of the
    /// time. Once `isOver` returns true, it is skipped for the rest of the rules.
    ///
    /// - Returns: the findings, and how many rules were not compared with the others.
    func findings(
        about only: UUID?,
        errorsOnly: Bool = false,
        until isOver: () -> Bool = { false }
    ) -> (findings: [RuleFinding], notCompared: Int) {
        var findings: [RuleFinding] = []
        var notCompared = 0
        var errorsOnly = errorsOnly
        var isLate = false
        for rule in applied.unreadable where rule.isOwned(by: owner, in: view) && (only == nil || rule.id == only) {
            findings += unreadable(rule)
        }
        let entries = applied.entries
        let index = CellIndex(entries.map(\.rule.conditions))
        var usable = RuleBitSet(count: entries.count)
        var treed = RuleBitSet(count: entries.count)
        for (place, entry) in entries.enumerated() {
            if entry.takesWhateverMatches { usable.insert(place) }
            if entry.rule.conditions.tree != nil { treed.insert(place) }
        }
        for (place, entry) in entries.enumerated() where isOwn(entry) && (only == nil || entry.rule.id == only) {
            if !errorsOnly, isOver() {
                isLate = true
                errorsOnly = true
            }
            if isLate { notCompared += 1 }
            let cells = index.cells(of: entry.rule.conditions)
            let facts = RuleFacts(entry.rule.conditions)
            let narrowed =
                entry.rule.conditions.tree == nil ? cells : index.cells(of: facts.narrowed(entry.rule.conditions))
            let isDead = facts.isContradictory || narrowed.isEmpty
            findings += conditions(of: entry, cells, isDead: isDead)
            findings += destination(of: entry)
            guard !isDead, !errorsOnly else { continue }
            if let shadow = shadow(over: place, narrowed, facts, index, usable, treed) { findings.append(shadow) }
            if let tie = tie(of: place, cells, index) { findings.append(tie) }
            if let last = catchAll(at: place) { findings.append(last) }
        }
        guard only == nil else { return (findings, notCompared) }
        if !errorsOnly, let grid = CoverageGrid(applied, index).finding(owner: owner, view: view) {
            findings.append(grid)
        }
        if let fallback = fallback() { findings.append(fallback) }
        return (findings, notCompared)
    }

    // MARK: - One rule by itself

    private func unreadable(_ rule: RoutingRule) -> [RuleFinding] {
        rule.conditions.problems.prefix(10)
            .map { problem in
                RuleFinding(
                    .error,
                    .unreadable,
                    rule,
                    path: "/conditions" + problem.field,
                    "Its conditions cannot be read, so the rule is ignored: \(problem.message)",
                    remedy: "Save the rule with conditions that can be read."
                )
            }
    }

    private func conditions(of entry: AppliedRules.Entry, _ cells: LeadCells, isDead: Bool) -> [RuleFinding] {
        let rule = entry.rule
        let conditions = rule.conditions
        var findings: [RuleFinding] = []
        let unknown = conditions.usStates.filter { USState($0) == nil }
        if cells.isEmpty {
            findings.append(contradiction(in: rule, unknownStates: unknown))
        } else if isDead {
            findings.append(
                RuleFinding(
                    .error,
                    .neverMatches,
                    rule,
                    path: "/conditions/where",
                    "No lead matches: the comparisons contradict each other or the lists.",
                    remedy:
                        "Look for a field that must meet two conditions at once; use “any” if one of them is enough."
                )
            )
        } else if !unknown.isEmpty {
            findings.append(
                RuleFinding(
                    .warning,
                    .deadValue,
                    rule,
                    path: "/conditions/us_states",
                    "\(SentenceList.quoted(unknown)) \(unknown.count == 1 ? "is not a state" : "are not states") of the United States, "
                        + "so no lead is in \(unknown.count == 1 ? "it" : "them").",
                    remedy: "Use the state's code or name; states of other countries go into regions."
                )
            )
        }
        let strange = conditions.countries.filter { Country($0) == nil }
        if !strange.isEmpty {
            findings.append(
                RuleFinding(
                    .note,
                    .unknownCountry,
                    rule,
                    path: "/conditions/countries",
                    "\(SentenceList.quoted(strange)) \(strange.count == 1 ? "is not a country" : "are not countries") of ISO 3166-1, "
                        + "and \(strange.count == 1 ? "is" : "are") met only by leads that spell it the same way.",
                    remedy: "Use the code or the English name of the country."
                )
            )
        }
        return findings
    }

    /// Finds the two lists that contradict each other.
    private func contradiction(in rule: RoutingRule, unknownStates: [String]) -> RuleFinding {
        let conditions = rule.conditions
        func finding(_ list: String, _ message: String, _ remedy: String) -> RuleFinding {
            RuleFinding(.error, .neverMatches, rule, path: "/conditions/" + list, message, remedy: remedy)
        }
        for attribute in Attribute.allCases where conditions.values(for: attribute).allSatisfy(\.isBlankText) {
            guard !conditions.values(for: attribute).isEmpty else { continue }
            return finding(
                attribute.rawValue,
                "No lead matches: the list asks for \(attribute.noun), and its values are blank.",
                "Add a value, or omit the list."
            )
        }
        if !conditions.usStates.isEmpty, unknownStates.count == conditions.usStates.count {
            return finding(
                "us_states",
                "No lead matches: \(SentenceList.quoted(unknownStates)) "
                    + "\(unknownStates.count == 1 ? "is not a state" : "are not states") of the United States.",
                "Use the state's code or name; states of other countries go into regions."
            )
        }
        let codes = conditions.countries.map { Country($0)?.code }
        if !conditions.usStates.isEmpty, !conditions.countries.isEmpty, !codes.contains("US") {
            return finding(
                "countries",
                "No lead matches: the rule wants a state of the United States, and its countries leave them out.",
                "Add US to countries, or use regions for states of other countries."
            )
        }
        return finding(
            "regions",
            "No lead matches: none of the states in us_states lies in one of the regions.",
            "Remove one of the two lists, or make them agree."
        )
    }

    private func destination(of entry: AppliedRules.Entry) -> [RuleFinding] {
        guard let pool = entry.rule.distribution?.pool else {
            return entry.obstacle.map { [destination(entry.rule, at: entry.rule.destinationWorkspaceID, $0)] } ?? []
        }
        let compiler = view.compiler
        let obstacles = pool.members.map { member in
            compiler.obstacle(to: member.workspaceID, from: entry.rule.workspaceID) ?? (member.isPaused ? .paused : nil)
        }
        if !pool.members.isEmpty, obstacles.allSatisfy({ $0 != nil }) {
            let isPassing = obstacles.contains(.paused)
            let what = obstacles.count == 1 ? "its only member" : "none of the \(obstacles.count) members"
            return [
                RuleFinding(
                    isPassing ? .warning : .error,
                    .emptyPool,
                    entry.rule,
                    path: "/distribution/pool/members",
                    "The rule takes no lead: \(what) of its pool \(obstacles.count == 1 ? "cannot" : "can") take one.",
                    remedy: "Add an active workspace that has agreed, or fix these."
                )
            ]
        }
        return obstacles.enumerated()
            .compactMap { index, obstacle in
                guard let obstacle else { return nil }
                let name = name(ofWorkspace: pool.members[index].workspaceID) ?? "the member"
                return RuleFinding(
                    obstacle == .paused ? .note : .warning,
                    .deadMember,
                    entry.rule,
                    path: "/distribution/pool/members/\(index)",
                    "Its pool sends no leads to \(name), which \(obstacle.predicate).",
                    remedy: "Fix it, or remove it; the others get its share."
                )
            }
    }

    private func destination(_ rule: RoutingRule, at id: UUID, _ obstacle: RuleObstacle) -> RuleFinding {
        let name = name(ofWorkspace: id) ?? "its destination"
        let (severity, code, remedy): (RuleFinding.Severity, RuleFinding.Code, String) =
            switch obstacle {
            case .noSuchWorkspace:
                (.error, .missingDestination, "Name a workspace that exists, or delete the rule.")
            case .suspended:
                (
                    .error, .inactiveDestination,
                    "Send the leads elsewhere: only an administrator lifts the suspension of a workspace."
                )
            case .inactive: (.error, .inactiveDestination, "Switch the workspace on, or send the leads elsewhere.")
            case .paused: (.warning, .pausedDestination, "Resume the workspace, or leave it: the next rule is tried.")
            case .noAgreement:
                (.error, .noAgreement, "Ask the receiver to agree: POST /api/agreements with a key of its own.")
            case .unreadable: (.error, .inactiveDestination, "Save its capacity again.")
            }
        return RuleFinding(
            severity,
            code,
            rule,
            path: "/destinationWorkspaceId",
            "The rule is skipped: \(name) \(obstacle.predicate).",
            remedy: remedy
        )
    }

    // MARK: - A rule among others

    /// The earlier rules that take all leads of a rule: one of them if one is enough.
    private func shadow(
        over place: Int,
        _ cells: LeadCells,
        _ facts: RuleFacts,
        _ index: CellIndex,
        _ usable: RuleBitSet,
        _ treed: RuleBitSet
    ) -> RuleFinding? {
        let entry = applied.entries[place]
        var earlier = RuleBitSet(before: place, count: place)
        earlier.formIntersection(usable)
        guard !earlier.isEmpty else { return nil }
        var covering = earlier
        index.restrict(&covering, toAll: cells)
        for other in covering.members(atMost: Self.comparedTrees) where facts.imply(tree(of: other)) {
            return shadow(over: entry, by: applied.entries[other])
        }
        index.restrict(&earlier, toAny: cells)
        var trees = earlier
        trees.formIntersection(treed)
        earlier.subtract(treed)
        for other in trees.members(atMost: Self.comparedTrees) where facts.imply(tree(of: other)) {
            earlier.insert(other)
        }
        guard !earlier.isEmpty, cells.count > 1 else { return nil }
        var budget = steps
        guard index.uncovered(cells, by: earlier, budget: &budget) == nil, budget >= 0 else { return nil }
        let others = earlier.members.map { applied.entries[$0].rule }
        var finding = RuleFinding(
            .warning,
            .shadowedTogether,
            entry.rule,
            "Takes no lead: \(SentenceList.plain(others.map(name), atMost: 3)) are tried before it, and between them they "
                + "take all that it matches.",
            remedy: "Move it up, narrow one of those, or delete it."
        )
        let other = others.lazy.compactMap(readable).first
        finding.otherRuleID = other?.id
        finding.otherRuleName = other?.name
        return finding
    }

    /// The most earlier rules with trees that a rule is compared with.
    private static let comparedTrees = 200

    private func tree(of place: Int) -> ConditionNode? { applied.entries[place].rule.conditions.tree }

    private func shadow(over entry: AppliedRules.Entry, by other: AppliedRules.Entry) -> RuleFinding {
        let isSame = entry.rule.conditions.asksForTheSame(as: other.rule.conditions)
        let isSameDestination = entry.rule.destinationWorkspaceID == other.rule.destinationWorkspaceID
        let priority = readable(other.rule).map { " (priority \($0.priority))" } ?? ""
        let what =
            isSame
            ? "asks for the same" : other.rule.conditions.isCatchAll ? "takes every lead" : "takes all that it matches"
        return RuleFinding(
            .warning,
            isSame ? .duplicate : .shadowed,
            entry.rule,
            other: readable(other.rule),
            "Takes no lead: \(name(other.rule))\(priority) is tried before it and \(what).",
            remedy: isSameDestination
                ? "Delete it: both send to the same workspace."
                : "Give it a higher priority, or narrow \(name(other.rule)); or keep it for the time when that "
                    + "one's destination is paused."
        )
    }

    /// Another rule of the same priority that sends some of the same leads elsewhere.
    private func tie(of place: Int, _ cells: LeadCells, _ index: CellIndex) -> RuleFinding? {
        let entries = applied.entries
        let rule = entries[place].rule
        var earliest = place
        while earliest > 0, entries[earliest - 1].rule.priority == rule.priority, place - earliest < 2_000 {
            earliest -= 1
        }
        guard earliest < place else { return nil }
        var rivals = RuleBitSet(count: place)
        for other in earliest..<place
        where entries[other].rule.destinationWorkspaceID != rule.destinationWorkspaceID
            && entries[other].obstacle == nil
        {
            rivals.insert(other)
        }
        guard !rivals.isEmpty, entries[place].obstacle == nil else { return nil }
        index.restrict(&rivals, toTextsOf: cells)
        let found = rivals.members(atMost: 100)
            .filter { other in
                cells.overlaps(index.cells(of: entries[other].rule.conditions))
                    && rule.conditions.mayMeet(entries[other].rule.conditions)
            }
        guard let first = found.first else { return nil }
        let other = entries[first].rule
        let more = found.count - 1
        return RuleFinding(
            .note,
            .priorityTie,
            rule,
            other: readable(other),
            path: "/priority",
            "Shares priority \(rule.priority) with \(name(other))\(more > 0 ? " and \(more) more" : ""), "
                + (more > 0
                    ? "which want some of the same leads for other workspaces; the oldest is tried first."
                    : "which wants some of the same leads for another workspace; the older one is tried first."),
            remedy: "Give them different priorities, so that the order does not depend on their age."
        )
    }

    /// A rule that takes every lead, with rules after it.
    private func catchAll(at place: Int) -> RuleFinding? {
        let entries = applied.entries
        let entry = entries[place]
        guard entry.rule.conditions.isCatchAll, entry.takesWhateverMatches else { return nil }
        let behind = entries[(place + 1)...].filter { readable($0.rule) != nil }
        guard let first = behind.first else { return nil }
        return RuleFinding(
            .warning,
            .catchAllNotLast,
            entry.rule,
            other: first.rule,
            path: "/priority",
            "Takes every lead, so \(behind.count == 1 ? "the rule" : "the \(behind.count) rules") after it "
                + "(“\(first.rule.name)”\(behind.count == 1 ? "" : " and so on")) \(behind.count == 1 ? "gets" : "get") none.",
            remedy: "Give it the lowest priority."
        )
    }

    /// The workspace for unmatched leads, if it cannot take them.
    private func fallback() -> RuleFinding? {
        guard let owner, case .fallback(let id) = view.workspaces[owner]?.unmatchedPolicy else { return nil }
        let obstacle: RuleObstacle
        switch view.workspaces[id] {
        case nil: obstacle = .noSuchWorkspace
        case let workspace? where workspace.suspension != nil: obstacle = .suspended
        case let workspace? where !workspace.isActive: obstacle = .inactive
        case let workspace? where workspace.isPaused: obstacle = .paused
        default: return nil
        }
        let name = name(ofWorkspace: id) ?? "the fallback workspace"
        return RuleFinding(
            obstacle == .paused ? .warning : .error,
            .deadFallback,
            owner: owner,
            path: "/fallbackWorkspaceId",
            "Leads that no rule matches stay in their source workspace: \(name) \(obstacle.predicate).",
            remedy: "Name another workspace for unmatched leads, or fix this one."
        )
    }
}

extension RoutingRule {
    fileprivate func isOwned(by owner: UUID?, in view: RuleSetView) -> Bool {
        view.isShared(self) ? owner == nil : workspaceID == owner
    }
}

extension RuleConditions {
    /// Whether some lead may meet both trees, as far as known.
    func mayMeet(_ other: RuleConditions) -> Bool {
        guard tree != nil || other.tree != nil else { return true }
        return !RuleFacts(RuleConditions(where: .all([tree, other.tree].compactMap(\.self)))).isContradictory
    }

    /// Whether the lists are the same sets of values, and the trees the same.
    func asksForTheSame(as other: RuleConditions) -> Bool {
        tree == other.tree
            && Attribute.allCases.allSatisfy { attribute in
                Set(values(for: attribute).map { Self.compared($0, attribute) })
                    == Set(other.values(for: attribute).map { Self.compared($0, attribute) })
            }
    }

    private static func compared(_ value: String, _ attribute: Attribute) -> [UInt8] {
        switch attribute {
        case .country: Country(value).map { Array($0.code.utf8) } ?? FoldedText.bytes(of: value)
        case .usState: USState(value).map { Array($0.code.utf8) } ?? FoldedText.bytes(of: value)
        default: FoldedText.bytes(of: value)
        }
    }
}

extension String {
    fileprivate var isBlankText: Bool { FoldedText.withBytes(of: self, \.isEmpty) }
}
