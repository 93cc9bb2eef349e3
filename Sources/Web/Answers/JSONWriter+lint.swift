import FoundationEssentials
import JSON
import RoutingRules

extension JSONWriter {
    /// The most findings in an answer; the counts include all of them.
    static let findingLimit = 1000

    /// The findings of lint.
    mutating func lint(_ report: RuleLintReport) {
        object { writer in
            writer.member("ruleSetVersion", report.version)
            writer.member("ruleCount", report.ruleCount)
            writer.key("summary")
            writer.object { writer in
                writer.member("errors", report.count(.error))
                writer.member("warnings", report.count(.warning))
                writer.member("notes", report.count(.note))
            }
            writer.findings("findings", report.findings.prefix(Self.findingLimit))
            writer.member("truncated", report.findings.count > Self.findingLimit)
            writer.member("notCompared", report.notCompared)
        }
    }

    /// A list of findings under a name.
    mutating func findings(_ name: StaticString, _ findings: some Sequence<RuleFinding>) {
        key(name)
        array(findings) { writer, finding in
            writer.object { writer in
                writer.member("severity", finding.severity.rawValue)
                writer.member("code", finding.code.rawValue)
                writer.member("workspaceId", finding.ownerID)
                writer.member("ruleId", finding.ruleID)
                writer.member("ruleName", finding.ruleName)
                writer.member("otherRuleId", finding.otherRuleID)
                writer.member("otherRuleName", finding.otherRuleName)
                writer.member("path", finding.path)
                writer.member("message", finding.message)
                writer.member("remedy", finding.remedy)
            }
        }
    }
}
