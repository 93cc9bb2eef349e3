import FoundationEssentials
import RoutingRules
import Testing

/// Decisions by the rules alone, compared with those that read capacity and turns.
@Suite("Decisions without state")
struct WithoutStateTests {
    private let industries = ["Construction", "Information", "Retail Trade"]

    private func ruleSet(_ generator: inout SeededGenerator, pools: Bool) -> CompiledRuleSet {
        let policies: [UnmatchedPolicy] = [.keep, .retry, .fallback(Samples.id(6))]
        let workspaces = (1...6)
            .map { number in
                var workspace = Samples.workspace(
                    number,
                    isActive: generator.chance(90),
                    policy: policies.randomElement(using: &generator) ?? .keep
                )
                if pools, generator.chance(30) {
                    workspace.capacity = WorkspaceCapacity(caps: [Cap(per: .day, limit: 1000)])
                }
                return workspace
            }
        let rules = (0..<Int.random(in: 0...8, using: &generator))
            .map { number in
                let industry = generator.chance(80) ? industries.randomElement(using: &generator) : nil
                var rule = Samples.rule(
                    50 + number,
                    of: generator.chance(50) ? nil : Int.random(in: 1...5, using: &generator),
                    to: Int.random(in: 1...7, using: &generator),
                    priority: Int32.random(in: 0...3, using: &generator),
                    RuleConditions(industries: industry.map { [$0] } ?? [])
                )
                if pools, generator.chance(40) {
                    rule.distribution = Distribution(caps: [Cap(per: .hour, limit: 1000)])
                }
                return rule
            }
        let agreements = (1...7).flatMap { one in (1...7).map { Samples.agreement(one, from: $0) } }
        return Samples.ruleSet(workspaces, rules, agreements)
    }

    @Test("They equal decisions with state, or are none where a cap decides", arguments: 0..<200)
    func same(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        let rules = ruleSet(&generator, pools: true)
        for source in 1...6 {
            for industry in industries + ["Fishing"] {
                let lead = Lead(industry: industry)
                var state = RoutingState()
                let decision = rules.decide(lead, from: Samples.id(source), in: &state)
                let plain = rules.decideWithoutState(lead, from: Samples.id(source))
                // A decision that reads a cap also charges one.
                #expect(plain == (decision.use == nil ? decision : nil), "workspace \(source), \(industry)")
            }
        }
    }

    @Test("Rules and workspaces without caps always decide", arguments: 0..<50)
    func always(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        let rules = ruleSet(&generator, pools: false)
        #expect(!rules.isStateful)
        for industry in industries + ["Fishing"] {
            #expect(rules.decideWithoutState(Lead(industry: industry), from: Samples.id(1)) != nil)
        }
    }
}
