package import FoundationEssentials
package import RoutingRules

/// What the HTTP API asks about rules themselves, without a lead.
package protocol RuleAnalysis: Sendable {
    /// Looks for what is wrong with the rules that the principal may see.
    ///
    /// - Parameters:
    ///   - owner: only the rules of this workspace; nil for all that the principal may see.
    ///   - principal: on whose behalf; a workspace's key is told about that workspace's rules.
    /// - Returns: the findings.
    /// - Throws: ``BackendError``; `.notFound` for a workspace that does not exist or is not visible.
    func lint(of owner: UUID?, as principal: Principal) async throws -> RuleLintReport

    /// What is to be said about one rule, for whoever has just saved it.
    ///
    /// - Returns: the findings; empty for a rule that is gone.
    func warnings(about rule: RoutingRule, as principal: Principal) async throws -> [RuleFinding]
}
