import FoundationEssentials
import RoutingRules
import Testing

/// A change of one owner's rules gives the same rule set as compiling everything.
@Suite struct RuleSetChangeTests {
    private static let workspaces =
        [Samples.workspace(100, type: "platform")] + (1...5).map { Samples.workspace($0) }
    private static let industries = ["Tech", "Law", "Food"]

    private func rule(_ number: Int, of owner: Int?, using random: inout SeededGenerator) -> RoutingRule {
        var conditions = RuleConditions()
        if Bool.random(using: &random) { conditions.industries = [Self.industries.randomElement(using: &random) ?? ""] }
        return Samples.rule(
            number,
            of: owner,
            to: owner == nil ? Int.random(in: 1...5, using: &random) : owner ?? 1,
            priority: Int32.random(in: 0...3, using: &random),
            isActive: Int.random(in: 0..<5, using: &random) > 0,
            createdAt: Int64.random(in: 0...3, using: &random),
            conditions
        )
    }

    @Test(arguments: 0..<20)
    func equalsCompilingEverything(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var rules: [RoutingRule] = []
        for number in 0..<60 {
            let owner = [nil, 100, 1, 2, 3, 4].randomElement(using: &random) ?? nil
            rules.append(rule(1000 + number, of: owner, using: &random))
        }
        func snapshot(_ version: Int64) -> RuleSetSnapshot {
            RuleSetSnapshot(version: version, workspaces: Self.workspaces, rules: rules, agreements: [])
        }
        var changed = CompiledRuleSet(snapshot(1))
        for version in Int64(2)...6 {
            let owner = Int.random(in: 1...4, using: &random)
            rules.removeAll { $0.workspaceID == Samples.id(owner) && Bool.random(using: &random) }
            for _ in 0..<Int.random(in: 0...4, using: &random) {
                rules.append(rule(2000 + Int(version) * 10 + rules.count * 100, of: owner, using: &random))
            }
            let own = rules.filter { $0.workspaceID == Samples.id(owner) }
            let change = RuleSetChange(version: version, owners: [Samples.id(owner)], rules: own)
            changed = try #require(changed.changed(by: change))
            let whole = CompiledRuleSet(snapshot(version))
            #expect(changed.version == version)
            #expect(changed.ruleCount == whole.ruleCount)
            #expect(changed.isStateful == whole.isStateful)
            for source in 1...5 {
                for industry in Self.industries + ["Other"] {
                    let lead = Lead(industry: industry)
                    #expect(
                        changed.decide(lead, from: Samples.id(source)) == whole.decide(lead, from: Samples.id(source)),
                        "seed \(seed), version \(version)"
                    )
                }
            }
        }
    }

    @Test func rulesOfThePlatformNeedEverything() {
        let rules = CompiledRuleSet(
            RuleSetSnapshot(version: 1, workspaces: Self.workspaces, rules: [], agreements: [])
        )
        #expect(rules.changed(by: RuleSetChange(version: 2, owners: [Samples.id(100)], rules: [])) == nil)
        #expect(rules.changed(by: RuleSetChange(version: 2, owners: [Samples.id(77)], rules: [])) == nil)
        let stray = [Samples.rule(10, of: 2, to: 1)]
        #expect(rules.changed(by: RuleSetChange(version: 2, owners: [Samples.id(1)], rules: stray)) == nil)
        #expect(rules.changed(by: RuleSetChange(version: 2, owners: [Samples.id(1)], rules: [])) != nil)
    }
}
