package import FoundationEssentials

/// A problem of a rule set, found by static analysis.
package struct RuleFinding: Sendable, Hashable {
    /// The severity of a finding.
    package enum Severity: String, Sendable, Hashable, Comparable, CaseIterable {
        /// The rule cannot work, whatever leads arrive; `switchyard rules lint` fails.
        case error
        /// The rule currently has no effect, or leads are not covered; lint fails with `--strict`.
        case warning
        /// For information.
        case note

        /// The most severe ones come first.
        package static func < (left: Severity, right: Severity) -> Bool { left.rank < right.rank }

        private var rank: Int {
            switch self {
            case .error: 0
            case .warning: 1
            case .note: 2
            }
        }
    }

    /// What kind of finding it is; the raw values are the API's.
    package enum Code: String, Sendable, Hashable, CaseIterable {
        /// The conditions cannot be read, so the rule is skipped.
        case unreadable
        /// No lead can meet the conditions.
        case neverMatches = "never-matches"
        /// A value of a list that no lead can have, among others that leads can have.
        case deadValue = "dead-value"
        /// A country that is none of ISO 3166-1.
        case unknownCountry = "unknown-country"
        /// One earlier rule takes every lead that matches it.
        case shadowed
        /// Several earlier rules together take every lead that matches it.
        case shadowedTogether = "shadowed-together"
        /// It has the same conditions as another rule.
        case duplicate
        /// Its destination does not exist.
        case missingDestination = "missing-destination"
        /// Its destination is switched off.
        case inactiveDestination = "inactive-destination"
        /// Its destination is paused.
        case pausedDestination = "paused-destination"
        /// Its destination has not agreed to receive.
        case noAgreement = "no-agreement"
        /// None of the members of its pool can take a lead.
        case emptyPool = "empty-pool"
        /// A member of its pool cannot take leads, others can.
        case deadMember = "dead-member"
        /// It has the priority of another rule that sends some of the same leads elsewhere.
        case priorityTie = "priority-tie"
        /// It takes every lead, and rules come after it.
        case catchAllNotLast = "catch-all-not-last"
        /// Combinations of state and company size that no rule takes.
        case uncoveredCells = "uncovered-cells"
        /// The server switched it off, because its conditions take more steps than a decision may.
        case tooCostly = "too-costly"
        /// The workspace for unmatched leads cannot take them.
        case deadFallback = "dead-fallback"
    }

    /// The severity.
    package var severity: Severity
    /// The kind of finding.
    package var code: Code
    /// The rule; nil for a finding about the rule set as a whole.
    package var ruleID: UUID?
    /// That rule's name.
    package var ruleName: String?
    /// Whose rule set it is; nil for the platform's.
    package var ownerID: UUID?
    /// The other rule that the finding concerns.
    package var otherRuleID: UUID?
    /// The other rule's name.
    package var otherRuleName: String?
    /// The place in the rule, as a JSON pointer into the API's form.
    package var path: String?
    /// The problem, in one sentence.
    package var message: String
    /// The remedy.
    package var remedy: String
}

/// The findings of a rule set.
package struct RuleLintReport: Sendable, Hashable {
    /// The version that was analysed.
    package var version: Int64
    /// How many active rules were analysed.
    package var ruleCount: Int
    /// The findings, by rule set, worst first, then in the order of the rules.
    package var findings: [RuleFinding]
    /// How many rules were not compared with the others, because the time limit was reached; their own faults are found.
    package var notCompared = 0

    /// A report of findings.
    package init(version: Int64, ruleCount: Int, findings: [RuleFinding]) {
        self.version = version
        self.ruleCount = ruleCount
        self.findings = findings
    }

    /// How many findings there are of a severity.
    package func count(_ severity: RuleFinding.Severity) -> Int {
        findings.count { $0.severity == severity }
    }
}
