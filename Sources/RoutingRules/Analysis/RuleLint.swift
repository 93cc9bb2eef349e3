package import FoundationEssentials

/// Static analysis of rules: finds problems without any lead.
///
/// Its findings about shadowing are sound: an unreachable rule takes no lead at all, as long as the destinations do not
/// change. For the six lists they are complete as well. Ten thousand rules take some tenths of a second; see
/// docs/performance.md.
package struct RuleLint: Sendable {
    private let snapshot: RuleSetSnapshot
    private let view: RuleSetView
    private let reader: TextReader

    /// The most steps of the search for several rules that cover another one together.
    private static let stepsForOneRule = 4_000

    /// Prepares the analysis of a snapshot.
    ///
    /// - Parameters:
    ///   - snapshot: the rules.
    ///   - reader: the reader of the findings: they name only what it may read.
    package init(_ snapshot: RuleSetSnapshot, for reader: TextReader) {
        self.reader = reader
        self.snapshot = snapshot
        view = RuleSetView(snapshot)
    }

    /// Analyses the rules of one owner, in evaluation order with those of the platform.
    ///
    /// - Parameters:
    ///   - owner: the workspace; nil for the rules of the platform.
    ///   - rule: only this rule; the rest of the set is not analysed then.
    /// - Returns: the findings.
    package func report(on owner: UUID?, about rule: UUID? = nil) -> RuleLintReport {
        let pass = OwnerLint(snapshot, view, owner: owner, steps: Self.stepsForOneRule, for: reader)
        return RuleLintReport(
            version: snapshot.version,
            ruleCount: pass.ownCount,
            findings: Self.sorted(pass.findings(about: rule), pass)
        )
    }

    /// The errors of ``report(on:about:)``, for publishing: tens of milliseconds for ten thousand rules, where the
    /// whole report may take seconds when rules have trees.
    func errors(on owner: UUID?) -> [RuleFinding] {
        let pass = OwnerLint(snapshot, view, owner: owner, steps: Self.stepsForOneRule, for: reader)
        return pass.findings(about: nil, errorsOnly: true).filter { $0.severity == .error }
    }

    /// Checks the rules of all owners: the platform's first, then those of each workspace by its name.
    package func report() -> RuleLintReport {
        var owners: [UUID?] = [nil]
        let withRules = Set(snapshot.rules.compactMap(\.workspaceID))
        owners += snapshot.workspaces.filter { !$0.isPlatform && (withRules.contains($0.id) || $0.hasFallback) }
            .sorted { ($0.name, $0.id) < ($1.name, $1.id) }.map(\.id)
        var whole = RuleLintReport(version: snapshot.version, ruleCount: 0, findings: [])
        for owner in owners {
            let part = report(on: owner)
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
