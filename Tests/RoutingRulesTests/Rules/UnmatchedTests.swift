import RoutingRules
import Testing

@Suite("When no rule matches")
struct UnmatchedTests {
    private func decide(_ policy: UnmatchedPolicy, fallback: Workspace? = nil) -> RoutingDecision {
        Samples.ruleSet([Samples.workspace(1, policy: policy)] + [fallback].compactMap(\.self), [])
            .decide(Lead(email: "a@b.test"), from: Samples.id(1))
    }

    @Test("Keep, fallback and retry")
    func policies() {
        #expect(decide(.keep).outcome == .unmatched(keptIn: Samples.id(1)))
        #expect(decide(.retry).outcome == .retry)
        let fallback = decide(.fallback(Samples.id(2)), fallback: Samples.workspace(2))
        #expect(fallback.outcome == .fallback(destination: Samples.id(2)))
        #expect(
            fallback.reason.text(for: .administrator)
                .hasPrefix("No rule matched; sent to the fallback workspace “Workspace 2”.")
        )
    }

    @Test("An unusable fallback keeps leads in their source and says so")
    func badFallback() {
        let cases = [
            (nil, "does not exist"), (Samples.workspace(2, isActive: false), "is not active"),
            (Samples.workspace(2, isPaused: true), "is paused"),
        ]
        for (fallback, why) in cases {
            let decision = decide(.fallback(Samples.id(2)), fallback: fallback)
            #expect(decision.outcome == .unmatched(keptIn: Samples.id(1)))
            #expect(decision.reason.text(for: .administrator).contains("its fallback workspace \(why)"))
        }
    }

    @Test("A lead without a source workspace stays unassigned")
    func nowhere() {
        #expect(Samples.ruleSet([], []).decide(Lead(), from: nil).outcome == .retry)
        #expect(
            Samples.ruleSet([], []).decide(Lead(), from: Samples.id(1)).outcome
                == .unmatched(keptIn: Samples.id(1))
        )
    }

    private func reason(_ lead: Lead, _ conditions: RuleConditions...) -> String {
        let rules = conditions.enumerated()
            .map {
                Samples.rule($0.offset + 10, of: nil, to: 2, priority: Int32(50 - $0.offset), $0.element)
            }
        let decision = Samples.ruleSet([Samples.workspace(1), Samples.workspace(2)], rules)
            .decide(
                lead,
                from: Samples.id(1)
            )
        #expect(decision.rule == nil)
        return String(
            decision.reason.text(for: .administrator).dropFirst("No rule matched; kept in its source workspace. ".count)
        )
    }

    @Test("Names the rule that came nearest, what it wants and what the lead has")
    func nearMiss() {
        let lead = Lead(
            industry: "Retail",
            companySize: "11-50",
            location: LeadLocation(country: "US", state: "TX")
        )
        #expect(
            reason(
                lead,
                RuleConditions(industries: ["Tech"], companySizes: ["1-10"]),
                RuleConditions(industries: ["Retail"], usStates: ["CA", "OR"])
            ) == "Nearest rule “Rule 11” (priority 49) wants US state CA, OR; the lead has TX in US."
        )
        #expect(
            reason(lead, RuleConditions(industries: ["Tech"], revenueRanges: ["<$1M"]))
                == "Nearest rule “Rule 10” (priority 50) wants industry Tech; the lead has Retail, and 1 more of its conditions fails."
        )
        #expect(
            reason(lead, RuleConditions(revenueRanges: (1...9).map { "$\($0)M" }))
                == "Nearest rule “Rule 10” (priority 50) wants revenue $1M, $2M, $3M, $4M, $5M or 4 more; the lead has none."
        )
        // The first of several that are equally near.
        #expect(
            reason(lead, RuleConditions(industries: ["A"]), RuleConditions(industries: ["B"]))
                .contains(
                    "“Rule 10”"
                )
        )
    }

    @Test("Shortens long values")
    func shortens() {
        let lead = Lead(industry: String(repeating: "x", count: 100) + "\n")
        #expect(
            reason(lead, RuleConditions(industries: ["A"]))
                .contains(
                    "has " + String(repeating: "x", count: 60) + "…."
                )
        )
    }

    @Test("Says when a rule matched but could not be used")
    func onlyPassedOver() {
        let rules = Samples.ruleSet(
            [Samples.workspace(1), Samples.workspace(2, isPaused: true)],
            [Samples.rule(10, of: nil, to: 2)]
        )
        #expect(
            rules.decide(Lead(), from: Samples.id(1)).reason.text(for: .administrator)
                == "No rule matched; kept in its source workspace. Skipped: “Rule 10”, whose destination is paused."
        )
    }
}
