import FoundationEssentials
import RoutingRules
import Testing

@Suite("Deciding where a lead goes")
struct CompiledRuleSetTests {
    private let lead = Lead(
        email: "a@b.test",
        industry: "Technology",
        location: LeadLocation(country: "US", state: "CA")
    )
    private let workspaces = (1...4).map { Samples.workspace($0) }

    private func routed(to destination: Int, by rule: Int) -> RoutingDecision.Outcome {
        .routed(destination: Samples.id(destination), rule: Samples.id(rule), ruleName: "Rule \(rule)")
    }

    @Test("All lists together, any value within a list")
    func lists() {
        let rules = Samples.ruleSet(
            workspaces,
            [
                Samples.rule(
                    10,
                    of: nil,
                    to: 2,
                    RuleConditions(industries: ["Retail", "technology"], usStates: ["OR", "CA"])
                )
            ]
        )
        #expect(rules.decide(lead, from: Samples.id(1)).outcome == routed(to: 2, by: 10))
        var other = lead
        other.industry = "Farming"
        #expect(rules.decide(other, from: Samples.id(1)).rule == nil)
        other = lead
        other.location?.state = "TX"
        #expect(rules.decide(other, from: Samples.id(1)).rule == nil)
    }

    @Test("A missing attribute does not meet a list that asks for it", arguments: 0..<6)
    func missing(_ list: Int) {
        let conditions = [
            RuleConditions(industries: ["x"]), RuleConditions(companySizes: ["x"]),
            RuleConditions(revenueRanges: ["x"]),
            RuleConditions(countries: ["x"]), RuleConditions(usStates: ["CA"]),
            RuleConditions(regions: ["x"]),
        ][list]
        let rules = Samples.ruleSet(workspaces, [Samples.rule(10, of: nil, to: 2, conditions)])
        for empty in [
            Lead(),
            Lead(
                industry: "",
                companySize: " ",
                revenue: "",
                location: LeadLocation(country: "", state: "")
            ),
        ] {
            #expect(rules.decide(empty, from: Samples.id(1)).outcome == .unmatched(keptIn: Samples.id(1)))
        }
    }

    @Test("A blank value in a list matches no lead")
    func blankValue() {
        let rules = Samples.ruleSet(
            workspaces,
            [Samples.rule(10, of: nil, to: 2, RuleConditions(industries: [" "]))]
        )
        #expect(rules.decide(Lead(industry: ""), from: Samples.id(1)).rule == nil)
    }

    @Test("Priority first, then age, then id")
    func order() {
        func first(_ rules: [RoutingRule]) -> UUID? {
            Samples.ruleSet(workspaces, rules.shuffled()).decide(lead, from: Samples.id(1)).rule
        }
        let low = Samples.rule(10, of: nil, to: 2, priority: 1, createdAt: 1)
        let high = Samples.rule(12, of: 1, to: 1, priority: 2, createdAt: 9)
        let older = Samples.rule(13, of: nil, to: 2, priority: 2, createdAt: 8)
        let twin = Samples.rule(11, of: nil, to: 2, priority: 2, createdAt: 8)
        #expect(first([low, high]) == high.id)
        #expect(first([low, high, older]) == older.id)
        #expect(first([low, high, older, twin]) == twin.id)
        #expect(first([Samples.rule(10, of: nil, to: 2, priority: .min), low]) == low.id)
    }

    @Test("Workspace rules apply to its own leads, platform rules to all")
    func owners() {
        let rules = Samples.ruleSet(
            workspaces + [Samples.workspace(9, type: "platform")],
            [
                Samples.rule(10, of: 1, to: 2, priority: 2), Samples.rule(11, of: nil, to: 3, priority: 1),
                Samples.rule(12, of: 9, to: 4, priority: 0, RuleConditions(industries: ["Technology"])),
                Samples.rule(13, of: 77, to: 4, priority: 100),
            ],
            [Samples.agreement(2, from: 1)]
        )
        #expect(rules.decide(lead, from: Samples.id(1)).outcome == routed(to: 2, by: 10))
        #expect(rules.decide(lead, from: Samples.id(2)).outcome == routed(to: 3, by: 11))
        #expect(rules.decide(lead, from: nil).outcome == routed(to: 3, by: 11))
        #expect(rules.decide(lead, from: Samples.id(99)).outcome == routed(to: 3, by: 11))
    }

    @Test("A rule needs its destination's agreement, unless it is the platform's or stays at home")
    func agreements() {
        let all = workspaces + [Samples.workspace(9, type: "platform")]
        func outcome(
            _ rule: RoutingRule,
            _ agreements: [RoutingAgreement] = []
        )
            -> RoutingDecision.Outcome
        {
            Samples.ruleSet(all, [rule], agreements).decide(lead, from: Samples.id(1)).outcome
        }
        let kept = RoutingDecision.Outcome.unmatched(keptIn: Samples.id(1))
        #expect(outcome(Samples.rule(10, of: 1, to: 2)) == kept)
        #expect(outcome(Samples.rule(10, of: 1, to: 2), [Samples.agreement(1, from: 2)]) == kept)
        #expect(outcome(Samples.rule(10, of: 1, to: 2), [Samples.agreement(3, from: 1)]) == kept)
        #expect(
            outcome(Samples.rule(10, of: 1, to: 2), [Samples.agreement(2, from: 1)])
                == routed(to: 2, by: 10)
        )
        #expect(outcome(Samples.rule(10, of: 1, to: 1)) == routed(to: 1, by: 10))
        #expect(outcome(Samples.rule(10, of: nil, to: 2)) == routed(to: 2, by: 10))
        #expect(outcome(Samples.rule(10, of: 9, to: 2)) == routed(to: 2, by: 10))
    }

    @Test("Destinations that cannot take leads are skipped, and the reason says so")
    func skipped() {
        let rules = Samples.ruleSet(
            [
                Samples.workspace(1), Samples.workspace(2, isActive: false),
                Samples.workspace(3, isPaused: true), Samples.workspace(4),
            ],
            [
                Samples.rule(10, of: nil, to: 2, priority: 9),
                Samples.rule(11, of: nil, to: 3, priority: 8),
                Samples.rule(12, of: 1, to: 4, priority: 7), Samples.rule(13, of: nil, to: 88, priority: 6),
                Samples.rule(14, of: nil, to: 4, priority: 5),
                Samples.rule(15, of: nil, to: 2, priority: 4),
            ]
        )
        let decision = rules.decide(lead, from: Samples.id(1))
        #expect(decision.outcome == routed(to: 4, by: 14))
        #expect(
            decision.reason.text(for: .administrator)
                == "Matched rule “Rule 14” (priority 5). Skipped: “Rule 12”, whose destination has not agreed to receive. "
                + "Skipped: “Rule 10”, whose destination is not active; “Rule 11”, whose destination is paused; "
                + "“Rule 13”, whose destination does not exist."
        )
        // Each reader gets what it may read.
        #expect(
            decision.reason.text(for: .workspace(Samples.id(1)))
                == "Matched a rule of the platform. Skipped: “Rule 12”, whose destination has not agreed to receive."
        )
        #expect(decision.reason.text(for: .workspace(Samples.id(4))) == "Matched a rule of the platform.")
    }

    @Test("Inactive rules are skipped")
    func inactive() {
        let rules = Samples.ruleSet(workspaces, [Samples.rule(10, of: nil, to: 2, isActive: false)])
        let decision = rules.decide(lead, from: Samples.id(1))
        #expect(decision.outcome == .unmatched(keptIn: Samples.id(1)))
        #expect(
            decision.reason.text(for: .administrator)
                == "No rule matched; kept in its source workspace. There are no active rules for its leads."
        )
    }

    @Test("An unreadable rule matches nothing and says why")
    func unreadable() throws {
        let conditions = RuleConditions(json: #"{"industy":["Technology"]}"#)
        let rules = Samples.ruleSet(workspaces, [Samples.rule(10, of: nil, to: 2, conditions)])
        let decision = rules.decide(lead, from: Samples.id(1))
        #expect(decision.outcome == .unmatched(keptIn: Samples.id(1)))
        #expect(
            decision.reason.text(for: .administrator)
                .contains(
                    "Rule “Rule 10” is ignored: its conditions cannot be read (/industy)."
                )
        )
        #expect(rules.unreadableRules.map(\.id) == [Samples.id(10)])
    }

    @Test("Finds its workspaces and its version")
    func lookups() {
        let rules = Samples.ruleSet(workspaces, [])
        #expect(rules.version == 1)
        #expect(rules.knows(workspace: Samples.id(1)))
        #expect(!rules.knows(workspace: Samples.id(5)))
        #expect(rules.workspace(Samples.id(2))?.name == "Workspace 2")
    }
}
