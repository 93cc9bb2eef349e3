import FoundationEssentials
import Testing

@testable import RoutingRules

/// Numbers and times in the index of intervals, and rules of a source with those of the platform, compared with
/// evaluating every rule.
@Suite struct RangeIndexTests {
    private func comparison(_ generator: inout SeededGenerator) -> String {
        let fields = ["score", "metadata.n", "metadata.when", "company_size", "revenue"]
        let field = fields.randomElement(using: &generator) ?? "score"
        let ops = ["at_least", "at_most", "less_than", "greater_than", "between", "overlaps"]
        var op = ops.randomElement(using: &generator) ?? "at_least"
        if field == "score", op == "overlaps" { op = "between" }
        func value() -> String {
            if field == "metadata.when" { return "\"2026-0\(Int.random(in: 1...9, using: &generator))-11\"" }
            let number = Int.random(in: 0...60, using: &generator)
            return field == "revenue" ? "\(number * 100_000)" : generator.chance(20) ? "\(number).5" : "\(number)"
        }
        guard op == "between" || op == "overlaps" else {
            return #"{"field":"\#(field)","op":"\#(op)","value":\#(value())}"#
        }
        let ends = [value(), value()].sorted { (Double($0) ?? 0, $0) < (Double($1) ?? 0, $1) }
        return #"{"field":"\#(field)","op":"\#(op)","value":[\#(ends[0]),\#(ends[1])]}"#
    }

    private func tree(_ generator: inout SeededGenerator, depth: Int) -> String {
        if depth == 0 || generator.chance(35) { return comparison(&generator) }
        if generator.chance(12) { return #"{"not":\#(tree(&generator, depth: depth - 1))}"# }
        if generator.chance(15) {
            let industry = "I\(Int.random(in: 0...3, using: &generator))"
            return #"{"field":"industry","op":"equals","value":"\#(industry)"}"#
        }
        let parts = (0..<Int.random(in: 1...3, using: &generator)).map { _ in tree(&generator, depth: depth - 1) }
        return #"{"\#(generator.chance(65) ? "all" : "any")":[\#(parts.joined(separator: ","))]}"#
    }

    private func lead(_ generator: inout SeededGenerator) -> Lead {
        let numbers = ["7", "\"12\"", "33.5", "\"11-50\"", "null", "\"x\"", "60", "-3", "\"2026-04-11T10:00:00Z\""]
        let times = ["\"2026-05-11\"", "\"2026-02-11T23:59:59Z\"", "\"soon\"", "5"]
        let sizes = ["1-10", "11-50", "51+", "many", "30", "<20"]
        let members = [
            #""score":\#(Int.random(in: 0...70, using: &generator))"#,
            #""n":\#(numbers.randomElement(using: &generator) ?? "1")"#,
            #""when":\#(times.randomElement(using: &generator) ?? "1")"#,
        ]
        return Lead(
            industry: generator.chance(70) ? "I\(Int.random(in: 0...3, using: &generator))" : nil,
            companySize: generator.chance(70) ? sizes.randomElement(using: &generator) : nil,
            revenue: generator.chance(70) ? ["$1M-$10M", "<$1M", "$3M"].randomElement(using: &generator) : nil,
            metadata: generator.chance(85) ? "{\(members.joined(separator: ","))}" : nil
        )
    }

    @Test(arguments: 0..<40) func indexAgreesWithPlainWalk(_ seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed) &+ 5000)
        let count = seed % 4 == 0 ? 700 : 20 + seed * 3
        let rules = (0..<count)
            .map { number in
                let json = #"{"where":\#(tree(&generator, depth: 2))}"#
                return Samples.rule(
                    100 + number,
                    of: generator.chance(40) ? nil : generator.chance(70) ? 1 : 4,
                    to: generator.chance(85) ? 2 : 3,
                    priority: Int32.random(in: 0...3, using: &generator),
                    createdAt: Int64.random(in: 0...5, using: &generator),
                    RuleConditions(json: json)
                )
            }
        #expect(rules.allSatisfy { $0.conditions.problems == [] }, "seed \(seed)")
        let compiled = Samples.ruleSet(
            [Samples.workspace(1), Samples.workspace(2), Samples.workspace(3, isPaused: true), Samples.workspace(4)],
            rules,
            [1, 4].flatMap { [Samples.agreement(2, from: $0), Samples.agreement(3, from: $0)] }
        )
        let ordered = rules.sorted { $0.precedes($1) }
        for _ in 0..<(count == 700 ? 15 : 60) {
            let lead = lead(&generator)
            let met = ordered.filter { $0.conditions.matches(lead) }
            for source in [1, 2, 4] {
                let matching = met.filter { $0.workspaceID == nil || $0.workspaceID == Samples.id(source) }
                let expected = matching.first { $0.destinationWorkspaceID == Samples.id(2) }
                let decision = compiled.decide(lead, from: Samples.id(source))
                #expect(decision.rule == expected?.id, "seed \(seed), lead \(lead)")
                // All that match, in order, and not only the first.
                var seen: [String] = []
                let table = compiled.rules(of: Samples.id(source))
                table.forEachMatch(lead) { number in
                    seen.append(table[number].name.name)
                    return true
                }
                #expect(seen == matching.map(\.name), "seed \(seed), lead \(lead)")
            }
        }
    }

    /// The nearest of the own rules and of the platform's, whichever misses less, and the earlier of equal ones.
    @Test func reasonNamesNearestRuleOfBothOwners() {
        let workspaces = [Samples.workspace(1), Samples.workspace(2)]
        func reason(_ own: String, _ shared: String, sharedFirst: Bool) -> String {
            let rules = [
                Samples.rule(10, of: 1, to: 2, priority: sharedFirst ? 1 : 5, RuleConditions(json: own)),
                Samples.rule(11, of: nil, to: 2, priority: 3, RuleConditions(json: shared)),
            ]
            return Samples.ruleSet(workspaces, rules, [Samples.agreement(2, from: 1)])
                .decide(Lead(industry: "Law"), from: Samples.id(1)).reason.text(for: .administrator)
        }
        let one = #"{"industries":["Tech"]}"#
        let two = #"{"industries":["Tech"],"company_sizes":["1-10"]}"#
        let tree = #"{"where":{"field":"score","op":"at_least","value":5}}"#
        #expect(reason(one, one, sharedFirst: false).contains("Nearest rule “Rule 10”"))
        #expect(reason(one, one, sharedFirst: true).contains("Nearest rule “Rule 11”"))
        #expect(reason(two, one, sharedFirst: false).contains("Nearest rule “Rule 11”"))
        #expect(reason(one, two, sharedFirst: true).contains("Nearest rule “Rule 10”"))
        #expect(reason(two, tree, sharedFirst: false).contains("Nearest rule “Rule 11”"))
        #expect(reason(tree, one, sharedFirst: true).contains("Nearest rule “Rule 11”"))
        #expect(reason(tree, one, sharedFirst: true).contains("the lead has Law."))
    }

    /// The nearest rule is found by equalities, whatever the intervals of numbers exclude.
    @Test func rangesDoNotCountAsMisses() {
        let two = #"{"industries":["Law"],"company_sizes":["1-10"]}"#
        let rules =
            [Samples.rule(10, of: 1, to: 2, priority: 9, RuleConditions(json: two))]
            + (0..<20)
            .map { number in
                let range = #"{"field":"score","op":"between","value":[\#(number * 10),\#(number * 10 + 9)]}"#
                return Samples.rule(
                    20 + number,
                    of: 1,
                    to: 2,
                    priority: 1,
                    createdAt: Int64(number),
                    RuleConditions(json: #"{"industries":["Law"],"where":\#(range)}"#)
                )
            }
        let lead = Lead(industry: "Tech", companySize: "11-50", metadata: #"{"score": 500}"#)
        let decision =
            Samples.ruleSet(
                [Samples.workspace(1), Samples.workspace(2)],
                rules,
                [Samples.agreement(2, from: 1)]
            )
            .decide(lead, from: Samples.id(1))
        #expect(decision.reason.text(for: .administrator).contains("Nearest rule “Rule 20”"), "\(decision.reason)")
    }

    /// A thousand rules with only a number: a lead is compared with the few of its interval.
    @Test func rulesWithoutEqualityAreIndexed() {
        let rules = (0..<1000)
            .map { number in
                RuleConditions(
                    json: #"{"where":{"field":"metadata.n","op":"between","value":[\#(number * 10),"#
                        + #"\#(number * 10 + 9)]}}"#
                )
            }
        let index = RuleIndex(rules)
        let lead = Lead(metadata: #"{"n": 5003}"#)
        let candidates = withUnsafePointer(to: lead) { lead in
            index.withCandidates(for: lead) { candidates in
                var found: [Int] = []
                while let rule = candidates.next() { found.append(rule) }
                return found
            }
        }
        #expect(candidates.contains(500) && candidates.count < 40, "\(candidates.count)")
    }
}
