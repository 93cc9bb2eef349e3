package import FoundationEssentials

extension RuleLintReport {
    /// The report for a terminal or a build log: a finding on two lines, and the counts at the end.
    ///
    /// - Parameters:
    ///   - names: the names of workspaces; a rule set whose owner has none is named by its id.
    ///   - limit: how many findings at most; the rest is counted.
    /// - Returns: the text, without a trailing line break.
    package func text(names: [UUID: String], limit: Int = 200) -> String {
        var lines: [String] = []
        var owner: UUID??
        for finding in findings.prefix(limit) {
            if owner != .some(finding.ownerID) {
                if owner != nil { lines.append("") }
                owner = .some(finding.ownerID)
                lines.append(finding.ownerID.map { "Rules of \(names[$0] ?? $0.text)" } ?? "Rules of the platform")
            }
            let rule = finding.ruleName.map { "“\($0)” " } ?? ""
            let place = finding.path.map { " \($0)" } ?? ""
            lines.append("  \(finding.severity.rawValue): \(rule)[\(finding.code.rawValue)]\(place)")
            lines.append("    \(finding.message)")
            lines.append("    → \(finding.remedy)")
        }
        if findings.count > limit { lines.append("  … and \(findings.count - limit) more; --json has all of them.") }
        if !lines.isEmpty { lines.append("") }
        lines.append(summary)
        if notCompared > 0 {
            lines.append(
                "Not all pairs of rules were compared: the time limit was reached before \(notCompared) of the rules. "
                    + "Rules that take no lead because of others may be missing above."
            )
        }
        return lines.joined(separator: "\n")
    }

    /// The counts in one line.
    package var summary: String {
        func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
        let rules = counted(ruleCount, "rule") + " of version \(version)"
        guard !findings.isEmpty else { return "\(rules): no problems found." }
        return "\(rules): \(counted(count(.error), "error")), \(counted(count(.warning), "warning")), "
            + "\(counted(count(.note), "note"))."
    }
}
