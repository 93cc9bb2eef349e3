import FoundationEssentials

extension RuleFinding {
    /// A finding about a rule.
    init(
        _ severity: Severity,
        _ code: Code,
        _ rule: RoutingRule,
        other: RoutingRule? = nil,
        path: String? = nil,
        _ message: String,
        remedy: String
    ) {
        self.init(severity, code, owner: rule.workspaceID, path: path, message, remedy: remedy)
        ruleID = rule.id
        ruleName = rule.name
        otherRuleID = other?.id
        otherRuleName = other?.name
    }

    /// A finding about a rule set.
    init(_ severity: Severity, _ code: Code, owner: UUID?, path: String? = nil, _ message: String, remedy: String) {
        self.severity = severity
        self.code = code
        ownerID = owner
        self.path = path
        self.message = message
        self.remedy = remedy
    }
}

/// Lists inside sentences.
enum SentenceList {
    /// Up to three values in quotes, and how many more.
    static func quoted(_ values: [String], atMost limit: Int = 3) -> String {
        plain(values.map { "“\($0)”" }, atMost: limit)
    }

    /// Up to some values, and how many more.
    static func plain(_ values: [String], atMost limit: Int) -> String {
        guard values.count > limit else {
            guard values.count > 1, let last = values.last else { return values.first ?? "" }
            return values.dropLast().joined(separator: ", ") + " and " + last
        }
        return values.prefix(limit).joined(separator: ", ") + " and \(values.count - limit) more"
    }
}
