import FoundationEssentials
import LeadStore
import RoutingRules
import Web

extension StoreBackedRouting {
    func lint(of owner: UUID?, as principal: Principal) async throws -> RuleLintReport {
        try await tellingCaller {
            let owner = principal.workspaceID ?? owner
            if let owner, try await store.workspace(owner, as: principal.access) == nil {
                throw BackendError.notFound("There is no such workspace, or none that this key may see.")
            }
            let lint = RuleLint(try await store.loadRuleSet())
            return owner.map { lint.report(on: $0) } ?? lint.report()
        }
    }

    func warnings(about rule: RoutingRule, as principal: Principal) async throws -> [RuleFinding] {
        try await tellingCaller {
            RuleLint(try await store.loadRuleSet()).report(on: rule.workspaceID, about: rule.id).findings
        }
    }
}
