import FoundationEssentials
import RoutingRules
import Testing

/// Lint findings about trees of comparisons.
@Suite struct TreeLintTests {
    private func conditions(_ json: String) -> RuleConditions {
        let conditions = RuleConditions(json: json)
        #expect(conditions.problems.isEmpty, "\(json): \(conditions.problems)")
        return conditions
    }

    private func codes(_ texts: String...) -> [RuleFinding.Code] {
        let rules = texts.enumerated()
            .map { Samples.rule(10 + $0, of: nil, to: 2, priority: Int32(100 - $0), conditions($1)) }
        let snapshot = RuleSetSnapshot(version: 1, workspaces: [Samples.workspace(2)], rules: rules, agreements: [])
        return RuleLint(snapshot, for: .administrator).report(on: nil).findings.map(\.code)
    }

    private static func test(_ field: String, _ op: String, _ value: String? = nil) -> String {
        #"{"field":"\#(field)","op":"\#(op)"\#(value.map { #","value":\#($0)"# } ?? "")}"#
    }

    private static func tree(_ node: String) -> String { #"{"where":\#(node)}"# }

    private static func all(_ parts: String...) -> String { #"{"all":[\#(parts.joined(separator: ","))]}"# }

    @Test(arguments: [
        tree(all(test("industry", "equals", #""Tech""#), test("industry", "equals", #""Law""#))),
        tree(all(test("company_size", "at_least", "100"), test("company_size", "less_than", "50"))),
        tree(all(test("industry", "missing"), test("industry", "contains", #""a""#))),
        tree(all(test("city", "equals", #""Paris""#), test("city", "not_equals", #""paris ""#))),
        tree(all(test("industry", "one_of", #"["Tech","Law"]"#), test("industry", "starts_with", #""food""#))),
        tree(all(test("metadata.plan", "exists"), #"{"not":\#(test("metadata.plan", "exists"))}"#)),
        tree(#"{"any":[\#(all(test("city", "missing"), test("city", "exists")))]}"#),
        #"{"industries":["Tech"],"where":\#(test("industry", "equals", #""Law""#))}"#,
        #"{"countries":["CA"],"where":\#(test("us_state", "equals", #""TX""#))}"#,
        tree(#"{"not":{"any":[\#(test("city", "exists")),\#(test("city", "missing"))]}}"#),
        tree(all(test("score", "between", "[1,5]"), test("score", "greater_than", "5"))),
    ])
    func contradictions(_ json: String) {
        #expect(codes(json) == [.neverMatches], "\(json)")
    }

    @Test(arguments: [
        tree(all(test("company_size", "at_least", "10"), test("company_size", "less_than", "50"))),
        tree(all(test("region", "equals", #""West""#), test("region", "equals", #""Pacific""#))),
        tree(all(test("company_size", "overlaps", #""11-50""#), test("company_size", "at_most", "20"))),
        tree(all(test("email", "contains", #""a""#), test("email", "ends_with", #"".com""#))),
        tree(#"{"any":[\#(all(test("city", "missing"), test("city", "exists"))),\#(test("city", "exists"))]}"#),
        #"{"company_sizes":["11-50"],"where":\#(test("company_size", "at_least", "5"))}"#,
        #"{"countries":["US"],"where":\#(test("us_state", "equals", #""TX""#))}"#,
    ])
    func whatCanMatch(_ json: String) {
        #expect(codes(json) == [], "\(json)")
    }

    /// The first rule takes all leads that match the second.
    @Test(arguments: [
        (test("company_size", "at_least", "10"), test("company_size", "between", "[20,30]")),
        (test("industry", "one_of", #"["Tech","Law"]"#), test("industry", "equals", #""tech""#)),
        (test("industry", "exists"), test("industry", "contains", #""x""#)),
        (test("industry", "contains", #""ech""#), test("industry", "one_of", #"["Tech","Fintech"]"#)),
        (test("email", "ends_with", #"".com""#), test("email", "ends_with", #""@a.com""#)),
        (test("company", "starts_with", #""Ac""#), test("company", "starts_with", #""Acme""#)),
        (test("city", "not_equals", #""Rome""#), test("city", "equals", #""Paris""#)),
        (test("metadata.n", "less_than", "10"), test("metadata.n", "at_most", "9")),
        (#"{"any":[\#(test("city", "equals", #""A""#)),\#(test("score", "exists"))]}"#, test("score", "at_least", "3")),
        (test("city", "exists"), #"{"any":[\#(test("city", "equals", #""A""#)),\#(test("city", "equals", #""B""#))]}"#),
        (test("company", "matches", #""^a+$""#), all(test("company", "matches", #""^a+$""#), test("score", "exists"))),
    ])
    func implicationsAreFound(_ wide: String, _ narrow: String) {
        #expect(codes(Self.tree(wide), Self.tree(narrow)) == [.shadowed])
        // And not the other way round.
        #expect(codes(Self.tree(narrow), Self.tree(wide)) == [])
    }

    @Test func listsAndTreesAreCombined() {
        let list = #"{"industries":["Tech"]}"#
        let tree = Self.tree(Self.test("industry", "equals", #""tech""#))
        #expect(codes(list, tree) == [.shadowed])
        #expect(codes(tree, list) == [.shadowed])
        #expect(codes(#"{"countries":["US"]}"#, Self.tree(Self.test("country", "equals", #""USA""#))) == [.shadowed])
        // A value that no list names is not within a list.
        #expect(codes(list, Self.tree(Self.test("industry", "equals", #""Food""#))) == [])
        // A size list compares texts, a comparison bands.
        #expect(
            codes(#"{"company_sizes":["11-50"]}"#, Self.tree(Self.test("company_size", "equals", #""11-50""#))) == []
        )
    }

    @Test func equalTreesAreDuplicates() {
        let tree = Self.tree(Self.test("company", "matches", #""^a+$""#))
        #expect(codes(tree, tree) == [.duplicate])
    }

    /// Random trees over a small universe: a rule reported as dead takes none of its leads.
    @Test(arguments: 0..<40)
    func verdictsHoldForRandomLeads(_ seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed) &* 104_729 &+ 11)
        let rules = (0..<6)
            .map { number in
                Samples.rule(
                    10 + number,
                    of: nil,
                    to: 2,
                    priority: Int32(50 - number),
                    conditions(
                        #"{"industries":\#(random.chance(30) ? #"["Tech"]"# : "[]"),"where":\#(Self.node(2, &random))}"#
                    )
                )
            }
        let snapshot = RuleSetSnapshot(version: 1, workspaces: [Samples.workspace(2)], rules: rules, agreements: [])
        let compiled = CompiledRuleSet(snapshot)
        let winners = Set(Self.leads.compactMap { compiled.decide($0, from: nil).rule })
        for finding in RuleLint(snapshot, for: .administrator).report(on: nil).findings {
            guard [.neverMatches, .shadowed, .shadowedTogether, .duplicate].contains(finding.code),
                let id = finding.ruleID
            else { continue }
            #expect(!winners.contains(id), "\(finding.ruleName ?? "") is called dead: \(finding.message)")
        }
    }

    private static func node(_ depth: Int, _ random: inout SeededGenerator) -> String {
        switch depth == 0 ? 9 : Int.random(in: 0..<10, using: &random) {
        case 0, 1: return #"{"all":[\#(node(depth - 1, &random)),\#(node(depth - 1, &random))]}"#
        case 2, 3: return #"{"any":[\#(node(depth - 1, &random)),\#(node(depth - 1, &random))]}"#
        case 4: return #"{"not":\#(node(depth - 1, &random))}"#
        default: break
        }
        let number = Int.random(in: 1...4, using: &random)
        let text = ["Tech", "Fintech", "Law"].randomElement(using: &random) ?? ""
        return switch Int.random(in: 0..<8, using: &random) {
        case 0: test("score", "at_least", "\(number)")
        case 1: test("score", "less_than", "\(number)")
        case 2: test("score", "equals", "\(number)")
        case 3: test("industry", "equals", "\"\(text)\"")
        case 4: test("industry", "not_one_of", "[\"\(text)\",\"Law\"]")
        case 5: test("industry", "contains", #""ech""#)
        case 6: test("industry", ["exists", "missing"].randomElement(using: &random) ?? "exists")
        default: test("company_size", "overlaps", "[\(number),\(number + 1)]")
        }
    }

    private static let leads: [Lead] = ["Tech", "Fintech", "Law", "Other", nil]
        .flatMap { industry in
            ([nil, 0, 1, 2, 3, 4, 5] as [Int?])
                .flatMap { score in
                    ["1", "2-3", "4", "1-5", nil]
                        .map { size in
                            Lead(industry: industry, companySize: size, metadata: score.map { #"{"score":\#($0)}"# })
                        }
                }
        }
}
