import FoundationEssentials
import JSON
import RoutingRules
import Testing

/// The index compared with evaluating every rule, for rules with lists and trees.
@Suite("The index against the plain walk")
struct IndexDifferentialTests {
    private static let texts: [String: [String]] = [
        "email": ["a@acme.example", "B@ACME.example", "c@gmail.com", "d@globex.example"],
        "email_domain": ["acme.example", "GMAIL.com", "globex.example"],
        "phone": ["+1 416 555 0100", "+49 30 123456", "030 123456"], "phone_country": ["CA", "Germany", "US"],
        "industry": ["Technology", "health care", "HEALTH  CARE"], "company": ["Acme", "Globex Ltd"],
        "company_size": ["1-10", "11–50", "11 to 50", "many"], "revenue": ["$1M-$10M", "<$1M", "$1m–$10m"],
        "country": ["US", "usa", "Germany", "Atlantis"], "us_state": ["CA", "California", "NV"],
        "state": ["CA", "California", "Bavaria"], "region": ["West", "Pacific", "Bavaria", "Mountain"],
        "city": ["Berlin", "BERLIN ", "Reno"], "source": ["web", "fair"],
        "metadata.plan": ["pro", "Pro", "5", "5.0"], "metadata.tags[0]": ["a", "b"], "metadata.utm.x": ["true", "7"],
    ]
    private static let fields = texts.keys.sorted()

    private func comparison(_ generator: inout SeededGenerator) -> String {
        let field = Self.fields.randomElement(using: &generator) ?? "email"
        let values = Self.texts[field] ?? []
        func value() -> String { "\"\(values.randomElement(using: &generator) ?? "")\"" }
        func make(_ op: String, _ value: String?) -> String {
            #"{"field":"\#(field)","op":"\#(op)"\#(value.map { #","value":\#($0)"# } ?? "")}"#
        }
        switch Int.random(in: 0..<12, using: &generator) {
        case 0: return make("not_equals", value())
        case 1: return make("not_one_of", "[\(value()),\(value())]")
        case 2: return make(generator.chance(50) ? "exists" : "missing", nil)
        case 3:
            return #"{"field":"company_size","op":"at_least","value":\#(Int.random(in: 1...60, using: &generator))}"#
        case 4: return #"{"field":"metadata.plan","op":"at_most","value":6}"#
        case 5: return #"{"field":"company","op":"matches","value":"^a|ltd$"}"#
        case 6...8: return make("one_of", "[\(value()),\(value())]")
        default: return make("equals", value())
        }
    }

    private func tree(_ generator: inout SeededGenerator, depth: Int) -> String {
        if depth == 0 || generator.chance(45) { return comparison(&generator) }
        if generator.chance(15) { return #"{"not":\#(tree(&generator, depth: depth - 1))}"# }
        let parts = (0..<Int.random(in: 1...3, using: &generator)).map { _ in tree(&generator, depth: depth - 1) }
        return #"{"\#(generator.chance(60) ? "all" : "any")":[\#(parts.joined(separator: ","))]}"#
    }

    private func conditions(_ generator: inout SeededGenerator) -> RuleConditions {
        var members: [String] = []
        let lists = [
            ("industries", "industry"), ("company_sizes", "company_size"), ("revenue_ranges", "revenue"),
            ("countries", "country"), ("us_states", "us_state"), ("regions", "region"),
        ]
        for (list, field) in lists where generator.chance(12) {
            let values = (0..<Int.random(in: 1...2, using: &generator))
                .map { _ in "\"\((Self.texts[field] ?? []).randomElement(using: &generator) ?? "x")\"" }
            members.append("\"\(list)\":[\(values.joined(separator: ","))]")
        }
        if generator.chance(85) { members.append("\"where\":\(tree(&generator, depth: 3))") }
        return RuleConditions(json: "{\(members.joined(separator: ","))}")
    }

    private func lead(_ generator: inout SeededGenerator) -> Lead {
        func maybe(_ field: String) -> String? {
            generator.chance(70) ? (Self.texts[field] ?? []).randomElement(using: &generator) : nil
        }
        let plans = [#""pro""#, #""PRO""#, "5", "5.00", "null", "[1]", #""9""#]
        let metadata = [
            #""plan":\#(plans.randomElement(using: &generator) ?? "1")"#,
            #""tags":[\#(generator.chance(50) ? #""A""# : #""b""#),"c"]"#,
            #""utm":{"x":\#(generator.chance(50) ? "true" : "7.0")}"#,
        ]
        return Lead(
            email: maybe("email"),
            phone: maybe("phone"),
            companyName: maybe("company"),
            industry: maybe("industry"),
            companySize: maybe("company_size"),
            revenue: maybe("revenue"),
            location: LeadLocation(
                country: maybe("country"),
                state: generator.chance(50) ? maybe("us_state") : maybe("state"),
                city: maybe("city")
            ),
            source: maybe("source"),
            metadata: generator.chance(80)
                ? "{\(metadata.filter { _ in generator.chance(80) }.joined(separator: ", "))}" : nil
        )
    }

    private func check(
        _ seed: Int,
        rules count: Int,
        leads: Int,
        _ make: (Int, inout SeededGenerator) -> RuleConditions
    ) {
        var generator = SeededGenerator(seed: UInt64(seed))
        let rules = (0..<count)
            .map { number in
                Samples.rule(
                    100 + number,
                    of: 1,
                    to: generator.chance(85) ? 2 : 3,
                    priority: Int32.random(in: 0...2, using: &generator),
                    createdAt: Int64(number),
                    make(number, &generator)
                )
            }
        #expect(rules.allSatisfy { $0.conditions.problems == [] }, "seed \(seed)")
        let workspaces = [Samples.workspace(1), Samples.workspace(2), Samples.workspace(3, isPaused: true)]
        let compiled = Samples.ruleSet(
            workspaces,
            rules,
            [Samples.agreement(2, from: 1), Samples.agreement(3, from: 1)]
        )
        let ordered = rules.sorted { $0.precedes($1) }
        for _ in 0..<leads {
            let lead = lead(&generator)
            let matching = ordered.filter { $0.conditions.matches(lead) }
            let expected = matching.first { $0.destinationWorkspaceID == Samples.id(2) }
            let decision = compiled.decide(lead, from: Samples.id(1))
            #expect(decision.rule == expected?.id, "seed \(seed), lead \(lead)")
            for rule in ordered.prefix(5) {
                #expect(
                    (rule.conditions.firstFailure(for: lead) == nil) == rule.conditions.matches(lead),
                    "seed \(seed)"
                )
                #expect(
                    rule.conditions.failures(for: lead).first?.path == rule.conditions.firstFailure(for: lead)?.path,
                    "seed \(seed)"
                )
            }
        }
    }

    @Test("Lists and trees, few rules", arguments: 0..<60)
    func few(_ seed: Int) {
        check(seed, rules: 1 + seed % 12, leads: 40) { _, generator in conditions(&generator) }
    }

    @Test("Lists and trees, many rules: dense and sparse sets, and more fields than are indexed", arguments: 0..<4)
    func many(_ seed: Int) {
        check(1000 + seed, rules: 1500, leads: 25) { _, generator in
            // Few match, so that much of the index is read.
            let base = conditions(&generator)
            guard generator.chance(90) else { return base }
            let plan =
                #"{"field":"source_id","op":"equals","value":"id \#(Int.random(in: 0...400, using: &generator))"}"#
            let json = base.tree.map { #"{"where":{"all":[\#(plan),\#($0.json.json)]}}"# } ?? #"{"where":\#(plan)}"#
            return RuleConditions(json: json)
        }
    }

    @Test("Ten thousand rules: more than one group of 4,096, values that one rule has, and values that most have")
    func thousands() {
        let count = 10_000
        let rules = (0..<count)
            .map { number in
                Samples.rule(
                    100 + number,
                    of: nil,
                    to: 2,
                    createdAt: Int64(number),
                    RuleConditions(
                        json: number >= 5000
                            ? #"{"countries":["DE"],"where":{"field":"metadata.n","op":"equals","value":\#(number)}}"#
                            : #"{"countries":["US"],"where":{"field":"email_domain","op":"equals","value":"d\#(number).example"}}"#
                    )
                )
            }
        let compiled = Samples.ruleSet([Samples.workspace(1), Samples.workspace(2)], rules)
        for number in stride(from: 0, to: count, by: 37) {
            let lead = Lead(
                email: "x@d\(number).example",
                location: LeadLocation(country: number >= 5000 ? "Germany" : "USA"),
                metadata: #"{"n": \#(number)}"#
            )
            #expect(compiled.decide(lead, from: Samples.id(1)).rule == Samples.id(100 + number))
        }
        let other = Lead(email: "x@d1.example", location: LeadLocation(country: "France"), metadata: #"{"n": 1}"#)
        #expect(compiled.decide(other, from: Samples.id(1)).rule == nil)
        #expect(
            compiled.decide(other, from: Samples.id(1)).reason.text(for: .administrator)
                .contains("Nearest rule “Rule 101”")
        )
    }

    @Test("The reason says what a comparison, a choice and a negation wanted, and repeats nothing personal")
    func reasons() {
        func reason(_ json: String, _ lead: Lead) -> String {
            let rule = Samples.rule(100, of: 1, to: 1, RuleConditions(json: json))
            return Samples.ruleSet([Samples.workspace(1)], [rule]).decide(lead, from: Samples.id(1)).reason
                .text(for: .administrator)
        }
        let size =
            #"{"where":{"all":[{"field":"company_size","op":"at_least","value":50},{"field":"email","op":"exists"}]}}"#
        #expect(
            reason(size, Lead(companySize: "11-50"))
                .contains(
                    "wants company size at least 50; the lead has 11-50, and 1 more of its conditions fails."
                )
        )
        let mail = #"{"where":{"field":"email","op":"ends_with","value":"@acme.example"}}"#
        let told = reason(mail, Lead(email: "ada@private.example"))
        #expect(told.contains("wants email address ending with @acme.example; the lead has another."))
        #expect(!told.contains("ada"))
        let either =
            #"{"where":{"any":[{"field":"score","op":"at_least","value":70},{"not":{"field":"city","op":"exists"}}]}}"#
        #expect(
            reason(either, Lead(location: LeadLocation(city: "Rome"), metadata: #"{"score":5}"#))
                .contains("wants score at least 70 or (not (city of any value)); the lead meets none of it.")
        )
    }

    @Test("The smallest change is the cheapest branch, or all that fails")
    func smallestChange() {
        let conditions = ConditionSamples.tree(
            #"""
            {"all":[{"field":"city","op":"equals","value":"Rome"},{"any":[
            {"all":[{"field":"score","op":"at_least","value":70},{"field":"source","op":"exists"}]},
            {"field":"company_size","op":"at_least","value":50}]},{"not":{"field":"phone","op":"exists"}}]}
            """#
        )
        let lead = Lead(phone: "1", companySize: "11-50")
        let change = conditions.smallestChange(for: lead)
        #expect(change?.changes.map(\.field) == ["city", "company_size", "phone"])
        #expect(
            change?.sentence == "If city were Rome and company_size were at least 50 and phone were not of any value."
        )
        #expect(
            conditions.smallestChange(for: Lead(companySize: "51-200", location: LeadLocation(city: "rome"))) == nil
        )
        #expect(conditions.failures(for: lead).map(\.path) == ["/where/all/0", "/where/all/1", "/where/all/2"])
    }
}
