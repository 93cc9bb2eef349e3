import FoundationEssentials
import Testing

@testable import RoutingRules

/// Lint compared with every lead of a small universe: an unreachable rule never wins, and every other does.
@Suite struct RuleLintUniverseTests {
    private static let industries = ["Tech", "Law"]
    private static let sizes = ["1-10", "11-50", "51-200"]
    private static let countries = ["US", "Canada", "Freedonia"]
    private static let states = ["TX", "Oregon", "PR", "Ontario"]
    private static let regions = ["South", "Pacific", "tx", "Ontario"]

    /// Every value that a rule may name, one that no rule names, and a missing value.
    private static let leads: [Lead] = {
        var leads: [Lead] = []
        for industry in industries.map(Optional.some) + ["Other", nil] {
            for size in sizes.map(Optional.some) + ["Other", nil] {
                for country in countries.map(Optional.some) + ["France", nil] {
                    for state in ["TX", "Texas", "Oregon", "PR", "Ontario", "South", "Other", nil] {
                        leads.append(
                            Lead(
                                industry: industry,
                                companySize: size,
                                location: LeadLocation(country: country, state: state)
                            )
                        )
                    }
                }
            }
        }
        return leads
    }()

    private static func some(_ values: [String], _ random: inout SeededGenerator) -> [String] {
        random.chance(45) ? [] : values.filter { _ in random.chance(45) }
    }

    @Test(arguments: 0..<60)
    func verdictsHoldForEveryLead(_ seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed) &* 7919 &+ 1)
        let rules = (0..<8)
            .map { number in
                Samples.rule(
                    10 + number,
                    of: random.chance(50) ? 1 : nil,
                    to: random.chance(15) ? 4 : 2,
                    priority: Int32.random(in: 0...3, using: &random),
                    .init(
                        industries: Self.some(Self.industries, &random),
                        companySizes: Self.some(Self.sizes, &random),
                        countries: Self.some(Self.countries, &random),
                        usStates: random.chance(60) ? [] : Self.some(Self.states, &random),
                        regions: random.chance(60) ? [] : Self.some(Self.regions, &random)
                    )
                )
            }
        let snapshot = RuleSetSnapshot(
            version: 1,
            workspaces: [Samples.workspace(1), Samples.workspace(2), Samples.workspace(4, isPaused: true)],
            rules: rules,
            agreements: [Samples.agreement(2, from: 1)]
        )
        let compiled = CompiledRuleSet(snapshot)
        let winners = Set(Self.leads.compactMap { compiled.decide($0, from: Samples.id(1)).rule })
        let report = RuleLint(snapshot, for: .administrator).report(on: Samples.id(1))
        let dead = Set(report.findings.filter { Self.saysUnreachable($0.code) }.compactMap(\.ruleID))
        for rule in rules where rule.workspaceID != nil {
            let isPaused = rule.destinationWorkspaceID == Samples.id(4)
            if dead.contains(rule.id) {
                #expect(!winners.contains(rule.id), "\(rule.name) is called dead, and takes leads")
            } else if !isPaused {
                #expect(winners.contains(rule.id), "\(rule.name) takes no lead, and lint does not say so")
            }
        }
    }

    /// Publishing requests errors only: they are those of the whole report, in its order.
    @Test(arguments: 0..<40)
    func errorsEqualThoseOfReport(_ seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed) &+ 77)
        let rules = (0..<12)
            .map { number in
                var rule = Samples.rule(
                    10 + number,
                    of: random.chance(70) ? 1 : nil,
                    // Of these, one is paused, one has not agreed, and one does not exist.
                    to: [2, 2, 4, 3, 5].randomElement(using: &random) ?? 2,
                    priority: Int32.random(in: 0...3, using: &random),
                    .init(
                        countries: Self.some(Self.countries, &random),
                        usStates: Self.some(Self.states, &random),
                        regions: Self.some(Self.regions, &random)
                    )
                )
                if random.chance(20) { rule.conditions = RuleConditions(json: #"{"where":{"field":"x"}}"#) }
                if random.chance(20) {
                    let members = [2, 3, 4, 5].filter { _ in random.chance(50) }
                        .map { Pool.Member(workspaceID: Samples.id($0)) }
                    rule.distribution = Distribution(pool: Pool(.roundRobin, members: members))
                }
                return rule
            }
        var own = Samples.workspace(1)
        if random.chance(50) { own.unmatchedPolicy = .fallback(Samples.id(random.chance(50) ? 5 : 2)) }
        let lint = RuleLint(
            RuleSetSnapshot(
                version: 1,
                workspaces: [
                    own, Samples.workspace(2), Samples.workspace(3), Samples.workspace(4, isPaused: true),
                ],
                rules: rules,
                agreements: [Samples.agreement(2, from: 1), Samples.agreement(4, from: 1)]
            ),
            for: .administrator
        )
        for owner in [Samples.id(1), nil] {
            let errors = lint.errors(on: owner)
            #expect(errors == lint.report(on: owner).findings.filter { $0.severity == .error })
            #expect(owner == nil || !errors.isEmpty)
        }
    }

    private static func saysUnreachable(_ code: RuleFinding.Code) -> Bool {
        switch code {
        case .neverMatches, .shadowed, .shadowedTogether, .duplicate: true
        default: false
        }
    }

    /// Shadowing in a long rule set equals a comparison of each pair.
    @Test func shadowingInLongRuleSetEqualsPairwiseComparison() {
        var random = SeededGenerator(seed: 5)
        let rules = (0..<5_000)
            .map { number in
                Samples.rule(
                    number + 10,
                    of: nil,
                    to: 2,
                    priority: Int32(5_000 - number),
                    .init(
                        industries: ["industry \(Int.random(in: 0..<200, using: &random))"],
                        companySizes: random.chance(30) ? [] : ["size \(Int.random(in: 0..<8, using: &random))"],
                        usStates: random.chance(20) ? [] : [USStateCodes.all[Int.random(in: 0..<50, using: &random)]]
                    )
                )
            }
        let snapshot = RuleSetSnapshot(version: 1, workspaces: [Samples.workspace(2)], rules: rules, agreements: [])
        let report = RuleLint(snapshot, for: .administrator).report(on: nil)
        let dead = Set(report.findings.filter { Self.saysUnreachable($0.code) }.compactMap(\.ruleID))
        func covers(_ one: [String], _ other: [String]) -> Bool { other.isEmpty || other == one }
        var expected: Set<UUID> = []
        var byIndustry: [String: [RoutingRule]] = [:]
        for rule in rules {
            let industry = rule.conditions.industries[0]
            let isDead = byIndustry[industry, default: []]
                .contains {
                    covers(rule.conditions.companySizes, $0.conditions.companySizes)
                        && covers(rule.conditions.usStates, $0.conditions.usStates)
                }
            if isDead { expected.insert(rule.id) }
            byIndustry[industry, default: []].append(rule)
        }
        #expect(dead == expected)
        #expect(dead.count > 500)
    }
}

/// The codes of the fifty states.
enum USStateCodes {
    static let all = [
        "AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "FL", "GA", "HI", "ID", "IL", "IN", "IA", "KS", "KY", "LA",
        "ME", "MD", "MA", "MI", "MN", "MS", "MO", "MT", "NE", "NV", "NH", "NJ", "NM", "NY", "NC", "ND", "OH", "OK",
        "OR", "PA", "RI", "SC", "SD", "TN", "TX", "UT", "VT", "VA", "WA", "WV", "WI", "WY",
    ]
}
