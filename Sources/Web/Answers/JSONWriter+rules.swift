import JSON
import LeadStore
import RoutingRules

extension JSONWriter {
    /// A rule; the values of its lists are spelt as they are stored.
    ///
    /// - Parameters:
    ///   - stored: the rule.
    ///   - warnings: the findings of lint, if it has just been saved.
    mutating func rule(_ stored: RuleRecord, warnings: [RuleFinding]? = nil) {
        let rule = stored.rule
        object { writer in
            writer.member("id", rule.id)
            writer.member("workspaceId", rule.workspaceID)
            writer.member("name", rule.name)
            writer.member("priority", rule.priority)
            writer.member("isActive", rule.isActive)
            writer.key("conditions")
            writer.object { writer in
                writer.member("industries", rule.conditions.industries)
                writer.member("company_sizes", rule.conditions.companySizes)
                writer.member("revenue_ranges", rule.conditions.revenueRanges)
                writer.member("countries", rule.conditions.countries)
                writer.member("us_states", rule.conditions.usStates)
                writer.member("regions", rule.conditions.regions)
                if let tree = rule.conditions.tree {
                    writer.key("where")
                    writer.value(tree.json)
                }
            }
            writer.member("destinationWorkspaceId", rule.destinationWorkspaceID)
            writer.key("distribution")
            writer.value(rule.distribution?.settings ?? .null)
            writer.member("createdAt", time: rule.createdAt)
            writer.member("updatedAt", time: stored.updatedAt)
            if let warnings { writer.findings("warnings", warnings) }
        }
    }

    /// A workspace.
    mutating func workspace(_ stored: WorkspaceRecord) {
        let workspace = stored.workspace
        object { writer in
            writer.member("id", workspace.id)
            writer.member("name", workspace.name)
            writer.member("type", workspace.type)
            writer.member("isActive", workspace.isActive)
            writer.member("isPaused", workspace.isPaused)
            writer.member("suspendedAt", time: stored.suspendedAt)
            writer.member("suspensionReason", workspace.suspension)
            switch workspace.unmatchedPolicy {
            case .keep:
                writer.member("unmatchedPolicy", "keep")
                writer.member("fallbackWorkspaceId", String?.none)
            case .fallback(let destination):
                writer.member("unmatchedPolicy", "fallback")
                writer.member("fallbackWorkspaceId", destination)
            case .retry:
                writer.member("unmatchedPolicy", "retry")
                writer.member("fallbackWorkspaceId", String?.none)
            }
            writer.key("capacity")
            writer.value(workspace.capacity?.settings ?? .null)
            writer.member("createdAt", time: stored.createdAt)
            writer.member("updatedAt", time: stored.updatedAt)
        }
    }

    /// An agreement.
    mutating func agreement(_ stored: AgreementRecord) {
        object { writer in
            writer.member("receivingWorkspaceId", stored.agreement.receivingWorkspaceID)
            writer.member("sendingWorkspaceId", stored.agreement.sendingWorkspaceID)
            writer.member("createdAt", time: stored.createdAt)
        }
    }

    /// A list under one name.
    mutating func list<Element>(
        _ name: StaticString,
        _ elements: [Element],
        _ print: (inout JSONWriter, Element) -> Void
    ) {
        object { writer in
            writer.key(name)
            writer.array(elements, print)
        }
    }
}
