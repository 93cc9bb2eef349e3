package import FoundationEssentials

extension RuleLintReport {
    /// Adds the rules that the server has switched off.
    ///
    /// - Parameters:
    ///   - notices: the reason of each, by rule.
    ///   - rules: the rules, active or not.
    package mutating func add(notices: [UUID: String], about rules: [RoutingRule]) {
        guard !notices.isEmpty else { return }
        let found = rules.compactMap { rule in
            notices[rule.id]
                .map { reason in
                    RuleFinding(
                        .error,
                        .tooCostly,
                        rule,
                        path: "/conditions",
                        rule.isActive
                            ? "It was passed over for leads. \(reason)" : "The server switched the rule off. \(reason)",
                        remedy: "Shorten its regular expressions, or compare fewer fields of the metadata."
                    )
                }
        }
        findings = found + findings
    }
}
