import FoundationEssentials
import RoutingRules
import Testing

/// Workspaces, rules and ids for tests, by number.
enum Samples {
    static func id(_ number: Int) -> UUID {
        let digits = String(number, radix: 16)
        let text =
            "00000000-0000-7000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits
        return UUID(text: text) ?? UUID()
    }

    static func workspace(
        _ number: Int,
        type: String = "partner",
        isActive: Bool = true,
        isPaused: Bool = false,
        policy: UnmatchedPolicy = .keep
    ) -> Workspace {
        Workspace(
            id: id(number),
            name: "Workspace \(number)",
            type: type,
            isActive: isActive,
            isPaused: isPaused,
            unmatchedPolicy: policy
        )
    }

    static func rule(
        _ number: Int,
        of owner: Int?,
        to destination: Int,
        priority: Int32 = 0,
        isActive: Bool = true,
        createdAt: Int64 = 0,
        _ conditions: RuleConditions = RuleConditions()
    ) -> RoutingRule {
        RoutingRule(
            id: id(number),
            workspaceID: owner.map(id),
            name: "Rule \(number)",
            priority: priority,
            destinationWorkspaceID: id(destination),
            isActive: isActive,
            conditions: conditions,
            createdAt: createdAt
        )
    }

    static func agreement(_ receiver: Int, from sender: Int) -> RoutingAgreement {
        RoutingAgreement(receivingWorkspaceID: id(receiver), sendingWorkspaceID: id(sender))
    }

    static func ruleSet(
        _ workspaces: [Workspace],
        _ rules: [RoutingRule],
        _ agreements: [RoutingAgreement] = []
    ) -> CompiledRuleSet {
        CompiledRuleSet(
            RuleSetSnapshot(version: 1, workspaces: workspaces, rules: rules, agreements: agreements)
        )
    }
}

extension RoutingDecision {
    /// The rule that matched.
    var rule: UUID? {
        if case .routed(_, let rule, _) = outcome { rule } else { nil }
    }
}
