import FoundationEssentials
import Postgres
import RoutingRules

/// How long a decision takes against so many rules, and what they cost to compile and to keep; no database.
struct RuleMatching {
    /// What one size of a rule set comes to.
    struct Figures {
        var rules: Int
        /// Of batches of a hundred leads, per lead.
        var medianNanoseconds: Double
        var slowestTenthNanoseconds: Double
        /// How many of the leads some rule took.
        var routedShare: Double
        var compileMilliseconds: Double
        /// What is kept.
        var kept: Memory
    }

    /// What the process holds, or holds more than before.
    struct Memory {
        /// Resident, after what is free has been given back to the system, as a node does when it has loaded many rules.
        var residentMegabytes: Double
        /// What malloc has given out and not had back.
        var usedMegabytes: Double

        static func now() -> Memory {
            FreeMemory.releaseToSystem()
            return Memory(
                residentMegabytes: Double(residentBytes()) / 1e6,
                usedMegabytes: Double(FreeMemory.bytesInUse) / 1e6
            )
        }

        func since(_ before: Memory) -> Memory {
            Memory(
                residentMegabytes: residentMegabytes - before.residentMegabytes,
                usedMegabytes: usedMegabytes - before.usedMegabytes
            )
        }
    }

    /// What rules look like.
    enum Kind: String, CaseIterable {
        /// The six lists, as dashboards make them: two or three of them a rule.
        case lists
        /// Half of the rules ask for an e-mail domain or a plan of their own in a tree, and some compare sizes as well.
        case trees
    }

    static let source = id(1)

    /// A rule set of one workspace.
    static func snapshot(_ kind: Kind, count: Int) -> RuleSetSnapshot {
        var random = Random(state: 7)
        var shared = SharedConditions()
        let workspaces = (1...20).map { Workspace(id: id($0), name: "Workspace \($0)") }
        let agreements = (2...20)
            .map { RoutingAgreement(receivingWorkspaceID: id($0), sendingWorkspaceID: source) }
        let rules = (0..<count)
            .map { number in
                RoutingRule(
                    id: id(1000 + number),
                    workspaceID: source,
                    // As long as names are: too long to be kept within a string's own sixteen bytes.
                    name: "Rule \(number) of the sales team",
                    priority: Int32(number % 100),
                    destinationWorkspaceID: id(2 + number % 19),
                    conditions: shared.shared(conditions(kind, number, &random)),
                    createdAt: Int64(number)
                )
            }
        return RuleSetSnapshot(version: 1, workspaces: workspaces, rules: rules, agreements: agreements)
    }

    /// The conditions of a rule, as they are stored.
    static func conditions(_ kind: Kind, _ number: Int, _ random: inout Random) -> RuleConditions {
        let industry = "Industry \(random.below(200))"
        let state = states[random.below(states.count)]
        let size = "\"\(sizes[random.below(sizes.count)])\""
        var parts = [#""industries":["\#(industry)"]"#, #""us_states":["\#(state)"]"#, #""company_sizes":[\#(size)]"#]
        if random.below(3) == 0 { parts.append(#""countries":["US"]"#) }
        if kind == .trees, number % 2 == 0 {
            let domain = #"{"field":"email_domain","op":"equals","value":"company-\#(number).example"}"#
            let plan = #"{"field":"metadata.plan","op":"one_of","value":["plan \#(number % 500)","other"]}"#
            let revenue = #"{"field":"revenue","op":"at_least","value":"$1M"}"#
            parts = [#""where":{"all":[\#(number % 4 == 0 ? domain : plan),\#(revenue)]}"#]
        }
        return RuleConditions(json: "{\(parts.joined(separator: ","))}")
    }

    /// Leads that many rules half match.
    static func leads(_ count: Int, rules: Int) -> [Lead] {
        var random = Random(state: 11)
        return (0..<count)
            .map { number in
                Lead(
                    email: "person@company-\(random.below(rules * 2)).example",
                    phone: "+1 415 555 0100",
                    companyName: "Company \(number)",
                    industry: "Industry \(random.below(220))",
                    companySize: sizes[random.below(sizes.count)],
                    revenue: random.below(2) == 0 ? "$1M-$10M" : "<$1M",
                    location: LeadLocation(
                        country: "US",
                        state: states[random.below(states.count)],
                        city: "Springfield"
                    ),
                    metadata:
                        #"{"campaign":"autumn","plan":"plan \#(random.below(600))","score":\#(random.below(100))}"#
                )
            }
    }

    /// Measures one size.
    static func measure(_ kind: Kind, rules count: Int, leads: [Lead], rounds: Int) -> Figures {
        let before = Memory.now()
        let clock = ContinuousClock()
        let (compiled, compile) = compile(kind, count: count, clock)
        let kept = Memory.now().since(before)
        var routed = 0
        var samples: [Double] = []
        for round in 0..<(rounds + 1) {
            for batch in stride(from: 0, to: leads.count - 99, by: 100) {
                let start = clock.now
                for index in batch..<(batch + 100) {
                    if case .routed = compiled.decide(leads[index], from: source).outcome, round == 0 { routed += 1 }
                }
                // The first round warms up, and is not counted.
                if round > 0 { samples.append(nanoseconds(clock.now - start) / 100) }
            }
        }
        samples.sort()
        return Figures(
            rules: count,
            medianNanoseconds: samples[samples.count / 2],
            slowestTenthNanoseconds: samples[samples.count * 9 / 10],
            routedShare: Double(routed) / Double(leads.count),
            compileMilliseconds: nanoseconds(compile) / 1e6,
            kept: kept
        )
    }

    private static func compile(
        _ kind: Kind,
        count: Int,
        _ clock: ContinuousClock
    ) -> (CompiledRuleSet, Duration) {
        let snapshot = snapshot(kind, count: count)
        let start = clock.now
        let compiled = CompiledRuleSet(snapshot)
        return (compiled, clock.now - start)
    }

    static func nanoseconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) * 1e9 + Double(duration.components.attoseconds) / 1e9
    }

    private static let states = ["CA", "NY", "TX", "WA", "FL", "IL", "MA", "OR", "GA", "CO", "NV", "UT", "OH", "MI"]
    private static let sizes = ["1-10", "11-50", "51-200", "201-500", "501-1000", "1001-5000"]

    private static func id(_ number: Int) -> UUID {
        var bytes: uuid_t = (0, 0, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, 0)
        bytes.12 = UInt8(truncatingIfNeeded: number >> 24)
        bytes.13 = UInt8(truncatingIfNeeded: number >> 16)
        bytes.14 = UInt8(truncatingIfNeeded: number >> 8)
        bytes.15 = UInt8(truncatingIfNeeded: number)
        return UUID(uuid: bytes)
    }

    /// What the process keeps in memory.
    static func residentBytes() -> Int {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return 0 }
        let fields = text.split(separator: " ")
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * 4096 : 0
    }

    /// Numbers that are the same in every run.
    struct Random {
        var state: UInt64

        mutating func below(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(max(1, limit)))
        }
    }
}
