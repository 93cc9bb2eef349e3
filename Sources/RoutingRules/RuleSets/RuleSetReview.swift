package import FoundationEssentials

/// A golden lead without its expected result.
package struct GoldenFailure: Sendable, Hashable {
    /// Its place in the document, from 0.
    package let index: Int
    /// Its name.
    package let name: String
    /// The expected result, in words.
    package let expected: String
    /// The actual result, in words.
    package let actual: String
    /// The reason of the decision.
    package let reason: String

    /// The failure in one or two sentences.
    package var message: String {
        "Golden lead “\(name)”: expected \(expected), but \(actual). \(reason)"
    }
}

/// The review of a rule set before publication; runs in memory, stores nothing and changes no counter.
package struct RuleSetReview: Sendable {
    /// Golden leads without their expected results.
    package let failures: [GoldenFailure]
    /// Errors of ``RuleLint`` that the current rules do not have.
    package let faults: [FieldProblem]

    /// Reviews rules in the place of those that their owner has.
    ///
    /// Pauses of routing and of destinations, and suspensions, are ignored: they are temporary, unlike a rule set. Costs
    /// about as much as compiling the rule set.
    ///
    /// - Parameters:
    ///   - rules: the owner's new rules.
    ///   - goldenLeads: the owner's new golden leads.
    ///   - owner: the owner; nil for the platform.
    ///   - live: the current rule sets.
    ///   - reader: the reader of the problems: they name only what it may read.
    package init(
        rules: [RoutingRule],
        goldenLeads: [GoldenLead],
        owner: UUID?,
        live: RuleSetSnapshot,
        for reader: TextReader
    ) {
        var rehearsed = live
        rehearsed.rules = live.rules.filter { $0.workspaceID != owner } + rules
        rehearsed.pauses = RoutingPauses()
        for index in rehearsed.workspaces.indices {
            rehearsed.workspaces[index].isPaused = false
            rehearsed.workspaces[index].suspension = nil
        }
        faults = Self.newErrors(in: rehearsed, rules, owner: owner, live: live, for: reader)
        guard !goldenLeads.isEmpty else {
            failures = []
            return
        }
        let compiled = CompiledRuleSet(rehearsed)
        let pools = Dictionary(rehearsed.rules.map { ($0.id, $0.distribution?.pool?.members.map(\.workspaceID)) }) {
            first,
            _ in first
        }
        failures = goldenLeads.enumerated()
            .compactMap { index, golden in
                let decision = compiled.decide(golden.lead, from: golden.source ?? owner)
                var members: [UUID] = []
                if case .routed(_, let rule, _) = decision.outcome { members = (pools[rule] ?? nil) ?? [] }
                return golden.failure(at: index, of: decision, members: members, in: compiled, for: reader)
            }
    }
}

extension RuleSetReview {
    private struct Fault: Hashable {
        let code: RuleFinding.Code
        let rule: UUID?
    }

    /// Earlier errors are allowed: they must not prevent other corrections.
    private static func newErrors(
        in rehearsed: RuleSetSnapshot,
        _ rules: [RoutingRule],
        owner: UUID?,
        live: RuleSetSnapshot,
        for reader: TextReader
    ) -> [FieldProblem] {
        let found = RuleLint(rehearsed, for: reader).errors(on: owner)
        guard !found.isEmpty else { return [] }
        let known = Set(RuleLint(live, for: reader).errors(on: owner).map { Fault(code: $0.code, rule: $0.ruleID) })
        let places = Dictionary(rules.enumerated().map { ($1.id, $0) }) { first, _ in first }
        return found.filter { !known.contains(Fault(code: $0.code, rule: $0.ruleID)) }
            .map { finding in
                let place = finding.ruleID.flatMap { places[$0] }.map { "/rules/\($0)" } ?? ""
                let path = (finding.path ?? "").replacing("/destinationWorkspaceId", with: "/destination")
                return FieldProblem(field: place + path, message: finding.message, remedy: finding.remedy)
            }
    }
}

extension GoldenLead {
    /// The failure of a decision about it; nil if it has the expected result.
    ///
    /// - Parameters:
    ///   - index: its place in the document.
    ///   - decision: the decision.
    ///   - members: the members of the pool: the turn decides among them, so any is accepted.
    ///   - rules: for the names of workspaces.
    ///   - reader: the reader of the failure.
    /// - Returns: the failure.
    func failure(
        at index: Int,
        of decision: RoutingDecision,
        members: [UUID],
        in rules: CompiledRuleSet,
        for reader: TextReader
    ) -> GoldenFailure? {
        func name(_ id: UUID) -> String {
            guard reader.reads(ownedBy: id) else { return "another workspace" }
            return rules.workspace(id).map { "“\($0.name)”" } ?? id.text
        }
        let outcome: Outcome?
        var destination: UUID?
        var rule: String?
        let actual: String
        switch decision.outcome {
        case .routed(let workspace, let id, let ruleName):
            (outcome, destination, rule) = (.routed, workspace, ruleName)
            let known = decision.reason.name(of: .rule(id), for: reader)
            actual = "it goes to \(name(workspace)) by \(known.map { "rule “\($0)”" } ?? "a rule of the platform")"
        case .unmatched(let workspace):
            (outcome, destination) = (.unmatched, workspace)
            actual = "no rule matches it"
        case .fallback(let workspace):
            (outcome, destination) = (.fallback, workspace)
            actual = "no rule matches it, and it goes to the fallback \(name(workspace))"
        case .retry:
            outcome = .retry
            actual = "no rule matches it, and it waits"
        default:
            outcome = nil
            actual = "it waits"
        }
        let isMet =
            (expect.outcome == nil || expect.outcome == outcome)
            && (expect.destination == nil || expect.destination == destination
                || expect.destination.map(members.contains) == true)
            && (expect.rule == nil || expect.rule == rule)
        guard !isMet else { return nil }
        var parts: [String] = []
        if let outcome = expect.outcome { parts.append(outcome.rawValue) }
        if let destination = expect.destination { parts.append("to \(name(destination))") }
        if let rule = expect.rule { parts.append("by rule “\(rule)”") }
        return GoldenFailure(
            index: index,
            name: self.name,
            expected: parts.joined(separator: " "),
            actual: actual,
            reason: decision.reason.text(for: reader)
        )
    }
}
