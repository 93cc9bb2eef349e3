package import FoundationEssentials

/// Something about a rule set that its owner should know, found by looking at the rules alone.
package struct RuleFinding: Sendable, Hashable {
    /// How bad it is.
    package enum Severity: String, Sendable, Hashable, Comparable, CaseIterable {
        /// The rule cannot do what it says, whatever leads come; `switchyard rules lint` fails.
        case error
        /// The rule does nothing as things stand, or leads fall through; it fails with `--strict`.
        case warning
        /// Worth a look.
        case note

        /// Worse ones come first.
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
        /// The conditions cannot be understood, so the rule is left out.
        case unreadable
        /// No lead can meet the conditions.
        case neverMatches = "never-matches"
        /// A value of a list that no lead can have, among others that leads can have.
        case deadValue = "dead-value"
        /// A country that is none of ISO 3166-1.
        case unknownCountry = "unknown-country"
        /// Whatever it matches, one earlier rule takes.
        case shadowed
        /// Whatever it matches, several earlier rules take between them.
        case shadowedTogether = "shadowed-together"
        /// It asks for the same as another rule.
        case duplicate
        /// Its destination does not exist.
        case missingDestination = "missing-destination"
        /// Its destination is switched off.
        case inactiveDestination = "inactive-destination"
        /// Its destination takes no leads for now.
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
        /// The workspace for unmatched leads cannot take them.
        case deadFallback = "dead-fallback"
    }

    /// How bad it is.
    package var severity: Severity
    /// What kind of finding it is.
    package var code: Code
    /// The rule; nil for a finding about the rule set as a whole.
    package var ruleID: UUID?
    /// That rule's name.
    package var ruleName: String?
    /// Whose rule set it is; nil for the platform's.
    package var ownerID: UUID?
    /// The other rule that has to do with it.
    package var otherRuleID: UUID?
    /// The other rule's name.
    package var otherRuleName: String?
    /// Where in the rule, as a JSON pointer into what the API takes.
    package var path: String?
    /// What is the matter, in one sentence.
    package var message: String
    /// What to do about it.
    package var remedy: String
}

/// What was found in a rule set.
package struct RuleLintReport: Sendable, Hashable {
    /// The version that was looked at.
    package var version: Int64
    /// How many rules were looked at; those that are switched off are not.
    package var ruleCount: Int
    /// The findings, by rule set, worst first, then in the order of the rules.
    package var findings: [RuleFinding]

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
