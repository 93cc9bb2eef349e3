package import FoundationEssentials

/// Static analysis of rules: finds problems without any lead.
///
/// Its findings about shadowing are sound: an unreachable rule takes no lead at all, as long as the destinations do not
/// change. For the six lists they are complete as well. Ten thousand rules take some tenths of a second; see
/// docs/performance.md.
package struct RuleLint: Sendable {
    private let version: Int64
    private let workspaces: [Workspace]
    private let view: RuleSetView
    private let reader: TextReader
    /// The platform's rules.
    private let shared: [RoutingRule]
    /// The rules of each workspace that is not a platform.
    private let owned: [UUID: [RoutingRule]]

    /// The most steps of the search for several rules that cover another one together.
    private static let stepsForOneRule = 4_000

    /// Prepares the analysis of a snapshot.
    ///
    /// - Parameters:
    ///   - snapshot: the rules.
    ///   - reader: the reader of the findings: they name only what it may read.
    package init(_ snapshot: RuleSetSnapshot, for reader: TextReader) {
        self.reader = reader
        version = snapshot.version
        workspaces = snapshot.workspaces
        let view = RuleSetView(snapshot)
        self.view = view
        shared = snapshot.rules.filter(view.isShared)
        owned = Dictionary(
            grouping: snapshot.rules.lazy.filter { !view.isShared($0) }
                .compactMap { rule in
                    rule.workspaceID.map { (owner: $0, rule: rule) }
                },
            by: \.owner
        )
        .mapValues { $0.map(\.rule) }
    }

    private func pass(on owner: UUID?) -> OwnerLint {
        let own = owner.flatMap { owned[$0] } ?? []
        return OwnerLint(shared + own, view, owner: owner, steps: Self.stepsForOneRule, for: reader)
    }

    /// Analyses the rules of one owner, in evaluation order with those of the platform.
    ///
    /// - Parameters:
    ///   - owner: the workspace; nil for the rules of the platform.
    ///   - rule: only this rule; the rest of the set is not analysed then.
    ///   - isOver: whether to stop comparing rules with each other; asked before each rule.
    /// - Returns: the findings.
    package func report(
        on owner: UUID?,
        about rule: UUID? = nil,
        until isOver: () -> Bool = { false }
    ) -> RuleLintReport {
        let pass = pass(on: owner)
        let (findings, notCompared) = pass.findings(about: rule, until: isOver)
        var report = RuleLintReport(version: version, ruleCount: pass.ownCount, findings: Self.sorted(findings, pass))
        report.notCompared = notCompared
        return report
    }

    /// The errors of ``report(on:about:)``, for publishing: tens of milliseconds for ten thousand rules, where the
    /// whole report may take seconds when rules have trees.
    func errors(on owner: UUID?) -> [RuleFinding] {
        pass(on: owner).findings(about: nil, errorsOnly: true).findings.filter { $0.severity == .error }
    }

    /// Checks the rules of all owners: the platform's first, then those of each workspace by its name.
    ///
    /// - Parameter isOver: whether to stop comparing rules with each other; asked before each rule.
    /// - Returns: the findings.
    package func report(until isOver: () -> Bool = { false }) -> RuleLintReport {
        var owners: [UUID?] = [nil]
        owners += workspaces.filter { !$0.isPlatform && (owned[$0.id] != nil || $0.hasFallback) }
            .sorted { ($0.name, $0.id) < ($1.name, $1.id) }.map(\.id)
        var whole = RuleLintReport(version: version, ruleCount: 0, findings: [])
        for owner in owners {
            let part = report(on: owner, until: isOver)
            whole.notCompared += part.notCompared
            whole.ruleCount += part.ruleCount
            whole.findings += part.findings
        }
        return whole
    }

    private static func sorted(_ findings: [RuleFinding], _ pass: OwnerLint) -> [RuleFinding] {
        findings.enumerated()
            .sorted { ($0.element.severity, $0.offset) < ($1.element.severity, $1.offset) }
            .map(\.element)
    }
}

extension Workspace {
    fileprivate var hasFallback: Bool { if case .fallback = unmatchedPolicy { true } else { false } }
}
