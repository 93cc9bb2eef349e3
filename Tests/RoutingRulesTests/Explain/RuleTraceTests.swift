import FoundationEssentials
import RoutingRules
import Testing

/// The results of all rules for a lead.
@Suite struct RuleTraceTests {
    private static let workspaces = [Samples.workspace(1), Samples.workspace(2), Samples.workspace(3, isPaused: true)]

    private func trace(_ lead: Lead, _ rules: [RoutingRule], state: RoutingState? = nil, limit: Int = 20) -> RuleTrace {
        let snapshot = RuleSetSnapshot(version: 1, workspaces: Self.workspaces, rules: rules, agreements: [])
        return RuleTrace(of: lead, from: Samples.id(1), in: snapshot, state: state, limit: limit)
    }

    @Test func everyRuleHasVerdict() throws {
        let trace = trace(
            Lead(industry: "Tech", companySize: "11-50"),
            [
                Samples.rule(10, of: nil, to: 2, priority: 9, .init(industries: ["Law"])),
                Samples.rule(11, of: nil, to: 3, priority: 8, .init(industries: ["tech"])),
                Samples.rule(12, of: nil, to: 2, priority: 7, .init(companySizes: ["11-50"])),
                Samples.rule(13, of: nil, to: 2, priority: 6),
            ]
        )
        #expect(trace.steps.map(\.verdict.name) == ["missed", "passed-over", "took", "comes-later"])
        #expect(trace.steps.map(\.position) == [1, 2, 3, 4])
        guard case .missed(let failure, let change) = trace.steps[0].verdict else {
            Issue.record("the first rule does not match")
            return
        }
        #expect(failure.expected.contains("Law") && failure.actual == "Tech" && failure.path == "/industries")
        #expect(change?.cost == 1)
        #expect(trace.steps[1].verdict == .skipped(because: "its destination is paused"))
        #expect(trace.decisive?.rule.id == Samples.id(12))
        #expect(trace.matchCount == 3)
    }

    /// No change is proposed that would have no effect: for a rule that can never match, or whose destination takes no
    /// leads.
    @Test func impossibleChangesAreNotSuggested() {
        let trace = trace(
            Lead(industry: "Law", location: LeadLocation(country: "US", state: "TX")),
            [
                Samples.rule(10, of: nil, to: 2, priority: 9, .init(countries: ["CA"], usStates: ["TX"])),
                Samples.rule(11, of: nil, to: 3, priority: 8, .init(industries: ["Tech"])),
                Samples.rule(12, of: nil, to: 2, priority: 7, .init(industries: ["Food"])),
            ]
        )
        #expect(trace.steps.map(\.isUsable) == [false, false, true])
        #expect(trace.nearest.map(\.rule.id) == [Samples.id(11), Samples.id(12)])
    }

    @Test func nearestRulesAreListed() {
        let rules = (0..<5_000)
            .map { number in
                Samples.rule(
                    number + 10,
                    of: nil,
                    to: 2,
                    priority: Int32(10_000 - number),
                    number == 4_500
                        ? .init(industries: ["Tech"])
                        : .init(industries: ["I\(number)"], companySizes: number % 2 == 0 ? ["11-50"] : ["1-10"])
                )
            }
        let trace = trace(Lead(industry: "Tech", companySize: "11-50"), rules)
        #expect(trace.steps.count == 21)
        #expect(trace.decisive?.position == 4_501)
        #expect(trace.hiddenCount == 5_000 - 21)
        #expect(trace.nearest.allSatisfy { $0.rule.conditions.companySizes == ["11-50"] })
    }

    @Test func fullDestinationShowsItsCount() {
        var rule = Samples.rule(10, of: nil, to: 2, priority: 9)
        rule.distribution = Distribution(caps: [Cap(per: .day, limit: 5)])
        var state = RoutingState(now: 1)
        state.amounts[StateKey(.rule, rule.id, per: .day)] = .init(5)
        let full = trace(Lead(), [rule, Samples.rule(11, of: nil, to: 1, priority: 1)], state: state)
        #expect(full.steps.map(\.verdict.name) == ["passed-over", "took"])
        #expect(full.capacity.map { $0.text(for: .administrator) } == ["“Rule 10” had 5 of 5 today"])
        #expect(full.capacity.map { $0.text(for: .workspace(Samples.id(1))) } == [""])
        #expect(trace(Lead(), [rule]).decisive?.rule.id == rule.id)
    }

    /// Evaluating every rule and the index give the same result, lead by lead.
    @Test(arguments: 0..<10)
    func traceAgreesWithIndex(_ seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed) &+ 77)
        func some(_ values: [String]) -> [String] { random.chance(50) ? [] : values.filter { _ in random.chance(50) } }
        let rules = (0..<30)
            .map { number in
                Samples.rule(
                    number + 10,
                    of: random.chance(50) ? 1 : nil,
                    to: random.chance(20) ? 3 : 1,
                    priority: Int32.random(in: 0...5, using: &random),
                    .init(
                        industries: some(["Tech", "Law"]),
                        usStates: some(["TX", "CA"]),
                        regions: some(["West", "South"])
                    )
                )
            }
        for _ in 0..<10 {
            let lead = Lead(
                industry: ["Tech", "Law", nil].randomElement(using: &random) ?? nil,
                location: LeadLocation(country: "US", state: ["TX", "CA", "NY"].randomElement(using: &random))
            )
            let trace = trace(lead, rules)
            #expect(trace.decisive?.rule.id == trace.decision.rule)
            let before = trace.steps.prefix { $0.verdict != .took }
            #expect(
                before.allSatisfy { if case .comesLater = $0.verdict { false } else { true } } || trace.decisive == nil
            )
        }
    }
}
