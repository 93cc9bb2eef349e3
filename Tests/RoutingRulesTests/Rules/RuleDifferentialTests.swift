import FoundationEssentials
import RoutingRules
import Testing

/// Values that are equal to the rules, in several spellings.
private struct Pool {
    let spellings: [[String]]

    /// A number, and one of its spellings.
    func pick(_ generator: inout SeededGenerator) -> (Int, String) {
        let number = Int.random(in: 0..<spellings.count, using: &generator)
        return (number, spellings[number].randomElement(using: &generator) ?? "")
    }

    static let industries = Pool(spellings: [
        ["Technology", "TECHNOLOGY ", " technology"],
        ["Health Care", "health  care", "HEALTH\u{A0}CARE"],
        ["Ausrüstung", "AUSRU\u{308}STUNG"], ["Finance and Insurance"], ["Großhandel", "GROSSHANDEL"],
        ["小売"],
    ])
    static let sizes = Pool(spellings: [
        ["1-10", "1–10"], ["11-50", " 11-50"], ["51-200"], ["10001+"],
    ])
    static let revenues = Pool(spellings: [["<$1M", "<$1m"], ["$1M-$10M", "$1m–$10m"], ["$1B+"]])
    static let countries = Pool(spellings: [
        ["US", "usa", "United States"], ["DE", "Germany", "deutschland"], ["AU", "Australia"],
        ["Atlantis", "ATLANTIS"],
    ])
    static let states = Pool(spellings: [
        ["CA", "california"], ["WA", "Washington", "us-wa"], ["TX", "Texas"], ["NY", "new york"],
        ["DC", "D.C."],
        ["PR", "Puerto Rico"], ["Bavaria", "bavaria"], ["West", "WEST"],
    ])
    static let regions = Pool(spellings: [
        ["West", "west"], ["South", "SOUTH "], ["Pacific"], ["Middle Atlantic"], ["Bavaria"],
    ])
}

/// A rule and a lead as indexes of pools: the reference compares no text.
private struct PlainRule {
    var rule: RoutingRule
    var lists: [Set<Int>]
}

/// Compiled matching compared with evaluating every rule.
@Suite("Compiled rules against a plain walk")
struct RuleDifferentialTests {
    private let workspaceCount = 6

    private func makeRule(_ number: Int, _ generator: inout SeededGenerator) -> PlainRule {
        var lists: [Set<Int>] = []
        var texts: [[String]] = []
        for pool in [Pool.industries, .sizes, .revenues, .countries, .states, .regions] {
            let count = generator.chance(60) ? 0 : Int.random(in: 1...3, using: &generator)
            let picks = (0..<count).map { _ in pool.pick(&generator) }
            lists.append(Set(picks.map(\.0)))
            texts.append(picks.map(\.1))
        }
        let owner = generator.chance(30) ? nil : Int.random(in: 1...workspaceCount, using: &generator)
        let rule = Samples.rule(
            100 + number,
            of: owner,
            to: Int.random(in: 1...(workspaceCount + 1), using: &generator),
            priority: Int32.random(in: 0...3, using: &generator),
            isActive: generator.chance(90),
            createdAt: Int64.random(in: 0...3, using: &generator),
            RuleConditions(
                industries: texts[0],
                companySizes: texts[1],
                revenueRanges: texts[2],
                countries: texts[3],
                usStates: texts[4],
                regions: texts[5]
            )
        )
        return PlainRule(rule: rule, lists: lists)
    }

    private func makeLead(_ generator: inout SeededGenerator) -> (Lead, [Int?]) {
        func maybe(_ pool: Pool, _ generator: inout SeededGenerator) -> (Int, String)? {
            generator.chance(75) ? pool.pick(&generator) : nil
        }
        let industry = maybe(.industries, &generator)
        let size = maybe(.sizes, &generator)
        let revenue = maybe(.revenues, &generator)
        let country = maybe(.countries, &generator)
        let state = maybe(.states, &generator)
        let lead = Lead(
            industry: industry?.1 ?? (generator.chance(30) ? "Fishing" : nil),
            companySize: size?.1,
            revenue: revenue?.1,
            location: LeadLocation(country: country?.1, state: state?.1)
        )
        return (lead, [industry?.0, size?.0, revenue?.0, country?.0, state?.0])
    }

    /// Whether a rule's lists are met, by indexes alone.
    private func isMet(_ lists: [Set<Int>], by lead: [Int?]) -> Bool {
        for attribute in 0..<4 where !lists[attribute].isEmpty {
            guard let value = lead[attribute], lists[attribute].contains(value) else { return false }
        }
        let mayBeInUS = lead[3] == nil || lead[3] == 0
        if !lists[4].isEmpty {
            // The first six are states.
            guard mayBeInUS, let state = lead[4], state < 6, lists[4].contains(state) else {
                return false
            }
        }
        if !lists[5].isEmpty {
            guard let state = lead[4] else { return false }
            let census: [Set<Int>] = [[0, 2], [0, 2], [1], [3], [1], []]
            var regions: Set<Int> = state == 6 ? [4] : state == 7 ? [0] : []
            if mayBeInUS, state < 6 { regions = census[state] }
            guard !lists[5].isDisjoint(with: regions) else { return false }
        }
        return true
    }

    @Test("Same rule for every lead, over many rule sets", arguments: 0..<60)
    func sameRule(_ seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        let workspaces = (1...workspaceCount)
            .map { number in
                Samples.workspace(
                    number,
                    type: number == workspaceCount ? "platform" : "partner",
                    isActive: generator.chance(85),
                    isPaused: generator.chance(15)
                )
            }
        // More than 64 in some sets, so that more than one word is used.
        let count =
            seed % 3 == 0
            ? Int.random(in: 120...300, using: &generator) : Int.random(in: 0...25, using: &generator)
        let rules = (0..<count).map { makeRule($0, &generator) }
        var agreements: [RoutingAgreement] = []
        for sender in 1...workspaceCount {
            for receiver in 1...workspaceCount where generator.chance(50) {
                agreements.append(Samples.agreement(receiver, from: sender))
            }
        }
        let compiled = Samples.ruleSet(workspaces, rules.map(\.rule), agreements)

        func canTake(_ rule: RoutingRule) -> Bool {
            guard let destination = workspaces.first(where: { $0.id == rule.destinationWorkspaceID })
            else { return false }
            guard destination.isActive, !destination.isPaused else { return false }
            guard let owner = rule.workspaceID, owner != Samples.id(workspaceCount),
                owner != destination.id
            else { return true }
            return agreements.contains {
                $0.receivingWorkspaceID == destination.id && $0.sendingWorkspaceID == owner
            }
        }
        for _ in 0..<100 {
            let (lead, values) = makeLead(&generator)
            let source =
                generator.chance(5) ? nil : Int.random(in: 1...(workspaceCount + 1), using: &generator)
            let expected =
                rules.filter { plain in
                    plain.rule.isActive && isMet(plain.lists, by: values) && canTake(plain.rule)
                        && (plain.rule.workspaceID == nil
                            || plain.rule.workspaceID == Samples.id(workspaceCount)
                            || plain.rule.workspaceID == source.map(Samples.id))
                }
                .map(\.rule)
                .min { $0.precedes($1) }
            let decision = compiled.decide(lead, from: source.map(Samples.id))
            #expect(decision.rule == expected?.id, "seed \(seed), lead \(lead)")
            #expect(!decision.reason.isEmpty)
        }
    }
}
