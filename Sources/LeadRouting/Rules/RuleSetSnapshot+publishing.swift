import FoundationEssentials
import RoutingRules

extension RuleSetSnapshot {
    /// The rules after a document is published.
    func publishing(_ document: RuleSetDocument, of owner: UUID?) -> RuleSetSnapshot {
        let own = rules.filter { $0.workspaceID == owner }
        let resolved = ResolvedRuleSet(document, owner: owner, live: own, golden: []) { UUID() }
        return replacingRules(of: owner, with: resolved.rules)
    }
}
