import FoundationEssentials
import RoutingRules
import Testing

/// Lint findings about pools and capacity.
@Suite struct PoolLintTests {
    private func codes(_ workspaces: [Workspace], _ rules: [RoutingRule]) -> [RuleFinding.Code] {
        RuleLint(RuleSetSnapshot(version: 1, workspaces: workspaces, rules: rules, agreements: []), for: .administrator)
            .report(on: nil).findings.map(\.code)
    }

    private func rule(
        _ number: Int,
        priority: Int32,
        _ distribution: Distribution?,
        _ conditions: RuleConditions = .init()
    ) -> RoutingRule {
        var rule = Samples.rule(number, of: nil, to: 2, priority: priority, conditions)
        rule.distribution = distribution
        return rule
    }

    private static let tech = RuleConditions(industries: ["Tech"])

    @Test func cappedRuleShadowsNothing() {
        let behind = Samples.rule(20, of: nil, to: 3, priority: 1, Self.tech)
        let workspaces = [Samples.workspace(2), Samples.workspace(3)]
        let capped = Distribution(caps: [Cap(per: .day, limit: 5)])
        #expect(codes(workspaces, [rule(10, priority: 9, capped, Self.tech), behind]) == [])
        // A rule whose leads wait lets none continue to later rules.
        let waiting = Distribution(caps: [Cap(per: .day, limit: 5)], whenFull: .wait)
        #expect(codes(workspaces, [rule(10, priority: 9, waiting, Self.tech), behind]) == [.duplicate])
        var full = Samples.workspace(2)
        full.capacity = WorkspaceCapacity(caps: [Cap(per: .day, limit: 5)])
        #expect(codes([full, workspaces[1]], [rule(10, priority: 9, nil, Self.tech), behind]) == [])
    }

    @Test func deadMembersAreReported() {
        let workspaces = [
            Samples.workspace(2), Samples.workspace(3), Samples.workspace(4, isPaused: true),
            Samples.workspace(5, isActive: false),
        ]
        func pool(_ members: Int...) -> Distribution {
            Distribution(pool: Pool(.roundRobin, members: members.map { .init(workspaceID: Samples.id($0)) }))
        }
        #expect(codes(workspaces, [rule(10, priority: 1, pool(2, 3))]) == [])
        #expect(codes(workspaces, [rule(10, priority: 1, pool(2, 4, 5))]) == [.deadMember, .deadMember])
        #expect(codes(workspaces, [rule(10, priority: 1, pool(5, 99))]) == [.emptyPool])
    }
}
