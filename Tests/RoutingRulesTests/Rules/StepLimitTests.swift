import FoundationEssentials
import JSON
import Testing

@testable import RoutingRules

/// The steps of conditions are limited in each decision.
@Suite struct StepLimitTests {
    private static let workspaces = [
        Samples.workspace(1), Samples.workspace(2), Samples.workspace(3), Samples.workspace(9, type: "platform"),
    ]
    private static let agreements = [Samples.agreement(2, from: 1), Samples.agreement(3, from: 1)]
    /// A value on which each of the patterns below takes a hundred thousand steps.
    private static let text = String(repeating: "a", count: 200)

    /// Conditions of patterns that are slow and do not match.
    private func slow(_ count: Int, isNegated: Bool = false) -> RuleConditions {
        let patterns = (0..<count).map { #"{"field":"city","op":"matches","value":"a{0,490}b\#($0)"}"# }
        let any = #"{"any":[\#(patterns.joined(separator: ","))]}"#
        let conditions = RuleConditions(json: #"{"where":\#(isNegated ? #"{"not":\#(any)}"# : any)}"#)
        #expect(conditions.problems == [])
        return conditions
    }

    private func decide(_ rules: [RoutingRule], city: String = text) -> RoutingDecision {
        Samples.ruleSet(Self.workspaces, rules, Self.agreements)
            .decide(Lead(location: LeadLocation(city: city)), from: Samples.id(1))
    }

    @Test func costlyRuleIsPassedOver() throws {
        let decision = decide([
            Samples.rule(10, of: 1, to: 2, priority: 2, slow(50)), Samples.rule(11, of: 1, to: 3, priority: 1),
        ])
        #expect(decision.rule == Samples.id(11))
        let exceeded = try #require(decision.exceeded)
        #expect(exceeded.rule == Samples.id(10))
        #expect(!exceeded.isShared)
        #expect(exceeded.passedOver == 1)
        #expect(decision.reason.text(for: .administrator).contains("Rule 10"))
        #expect(decision.steps < 1_200_000)
    }

    @Test func unknownAnswerIsNotNegated() {
        let decision = decide([
            Samples.rule(10, of: 1, to: 2, priority: 2, slow(50, isNegated: true)),
            Samples.rule(11, of: 1, to: 3, priority: 1),
        ])
        #expect(decision.rule == Samples.id(11))
    }

    @Test func unmatchedLeadIsDecidedWithinTheSteps() {
        let decision = decide([Samples.rule(10, of: 1, to: 2, slow(50)), Samples.rule(11, of: 1, to: 2, slow(50))])
        #expect(decision.outcome == .unmatched(keptIn: Samples.id(1)))
        #expect(decision.exceeded?.passedOver == 2)
    }

    @Test func ownRulesDoNotUseUpThePlatformsSteps() throws {
        let decision = decide([
            Samples.rule(10, of: 1, to: 2, priority: 2, slow(50)),
            Samples.rule(
                11,
                of: 9,
                to: 3,
                priority: 1,
                RuleConditions(json: #"{"where":{"field":"city","op":"matches","value":"a"}}"#)
            ),
        ])
        #expect(decision.rule == Samples.id(11))
        #expect(decision.exceeded?.rule == Samples.id(10))
    }

    @Test func costlyRuleOfThePlatformIsReportedAsShared() {
        let decision = decide([Samples.rule(10, of: 9, to: 2, slow(50))])
        #expect(decision.exceeded?.isShared == true)
    }

    @Test func usualPatternsStayWithinTheSteps() {
        let decision = decide(
            [Samples.rule(10, of: 1, to: 2, slow(50)), Samples.rule(11, of: 1, to: 3)],
            city: "Berlin"
        )
        #expect(decision.exceeded == nil)
    }

    @Test func metadataCountsByItsSize() {
        let parts = (0..<900).map { #"{"field":"metadata.k\#($0)","op":"contains","value":"x"}"# }
        let conditions = RuleConditions(json: #"{"where":{"any":[\#(parts.joined(separator: ","))]}}"#)
        let metadata = #"{"a":"\#(String(repeating: "x", count: 16_000))"}"#
        let rules = Samples.ruleSet(
            Self.workspaces,
            [Samples.rule(10, of: 1, to: 2, priority: 1, conditions), Samples.rule(11, of: 1, to: 3)],
            Self.agreements
        )
        let decision = rules.decide(Lead(metadata: metadata), from: Samples.id(1))
        #expect(decision.rule == Samples.id(11))
        #expect(decision.exceeded != nil)
    }

    @Test(.timeLimit(.minutes(1)))
    func combiningRunsAreNotSorted() {
        let marks = String(repeating: "\u{301}\u{323}", count: 4000)
        let conditions = RuleConditions(json: #"{"where":{"field":"metadata.a","op":"contains","value":"x"}}"#)
        let rules = Samples.ruleSet(Self.workspaces, [Samples.rule(10, of: 1, to: 2, conditions)], Self.agreements)
        for _ in 0..<10 { _ = rules.decide(Lead(metadata: #"{"a":"e\#(marks)"}"#), from: Samples.id(1)) }
        // Composed, its first letter would be “ẹ”.
        #expect(FoldedText.withBytes(of: "e" + marks) { $0.first } == UInt8(ascii: "e"))
        #expect(FoldedText.withBytes(of: "e\u{301}\u{323}") { $0.first } != UInt8(ascii: "e"))
    }

    @Test func batchLimitsOneSourceOnly() {
        var allowance = StepAllowance()
        let slow = decide([Samples.rule(10, of: 1, to: 2, slow(50))])
        var decided = 0
        while allowance.hasRoom(for: Samples.id(1)), decided < 100 {
            allowance.count(slow, of: Samples.id(1))
            decided += 1
        }
        #expect((2...8).contains(decided))
        #expect(allowance.hasRoom(for: Samples.id(2)))
        #expect(allowance.hasRoom(for: nil))
    }

    @Test func explanationNamesTheCostlyRule() {
        let snapshot = RuleSetSnapshot(
            version: 1,
            workspaces: Self.workspaces,
            rules: [
                Samples.rule(10, of: 1, to: 2, priority: 2, slow(50)), Samples.rule(11, of: 1, to: 3, priority: 1),
            ],
            agreements: Self.agreements
        )
        let lead = Lead(location: LeadLocation(city: Self.text))
        let trace = RuleTrace(of: lead, from: Samples.id(1), in: snapshot)
        #expect(trace.steps.map(\.verdict.name) == ["too-costly", "took"])
        let late = RuleTrace(of: lead, from: Samples.id(1), in: snapshot) { true }
        #expect(late.notEvaluated == 2)
    }
}
