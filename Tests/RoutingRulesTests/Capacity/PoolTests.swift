import FoundationEssentials
import JSON
import RoutingRules
import Testing

@Suite("Pools and caps")
struct PoolTests {
    private static let rule = Samples.id(50)

    private func ruleSet(
        _ distribution: Distribution?,
        workspaces: [Workspace] = [],
        others: [RoutingRule] = []
    ) -> CompiledRuleSet {
        var rule = Samples.rule(50, of: nil, to: 2, priority: 5)
        rule.distribution = distribution
        let known = Set(workspaces.map(\.id))
        let all = workspaces + (1...9).map { Samples.workspace($0) }.filter { !known.contains($0.id) }
        return Samples.ruleSet(all, [rule] + others)
    }

    private func destination(_ decision: RoutingDecision) -> Int? {
        guard case .routed(let id, _, _) = decision.outcome else { return nil }
        return (1...9).first { Samples.id($0) == id }
    }

    private func pool(_ method: Pool.Method, _ weights: [Int64], caps: [[Cap]] = []) -> Pool {
        Pool(
            method,
            members: weights.enumerated()
                .map {
                    Pool.Member(
                        workspaceID: Samples.id($0.offset + 2),
                        weight: $0.element,
                        caps: $0.offset < caps.count ? caps[$0.offset] : []
                    )
                }
        )
    }

    @Test("A weighted pool interleaves, exactly by weight in each period")
    func weighted() {
        let rules = ruleSet(Distribution(pool: pool(.weighted, [5, 1, 1])))
        var state = RoutingState()
        let order = (0..<14).map { _ in destination(rules.decide(Lead(), from: Samples.id(1), in: &state)) }
        #expect(order == [2, 2, 3, 2, 4, 2, 2] + [2, 2, 3, 2, 4, 2, 2])
        #expect(state.amounts.values.allSatisfy { $0.value == 0 })
    }

    /// In every window of a static pool no member deviates by more than one lead from its share for each other member.
    @Test("Weighted turns are fair in every window", arguments: 1...20)
    func everyWindow(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let weights = (0..<Int.random(in: 2...6, using: &random)).map { _ in Int64.random(in: 1...20, using: &random) }
        let rules = ruleSet(Distribution(pool: pool(.weighted, weights)))
        var state = RoutingState()
        let total = weights.reduce(0, +)
        let order = (0..<Int(total * 3)).compactMap { _ in destination(rules.decide(Lead(), from: nil, in: &state)) }
        for (place, weight) in weights.enumerated() {
            var counts = [0]
            for taken in order { counts.append((counts.last ?? 0) + (taken == place + 2 ? 1 : 0)) }
            #expect(counts[Int(total)] == Int(weight))
            var worst = 0.0
            for start in stride(from: 0, to: order.count, by: 3) {
                for end in start..<order.count {
                    let due = Double(end - start) * Double(weight) / Double(total)
                    worst = max(worst, abs(Double(counts[end] - counts[start]) - due))
                }
            }
            #expect(worst <= 2)
        }
    }

    /// Members that are full or closed for a while are not owed leads, nor do they owe any.
    @Test("An absent member does not catch up", arguments: 1...10)
    func absences(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        var state = RoutingState()
        let weights: [Int64] = [3, 2, 1, 1]
        for _ in 0..<300 {
            var members = pool(.weighted, weights)
            for place in weights.indices { members.members[place].isPaused = Bool.random(using: &random) }
            let rules = ruleSet(Distribution(pool: members))
            for _ in 0..<Int.random(in: 1...5, using: &random) { _ = rules.decide(Lead(), from: nil, in: &state) }
        }
        let turns = state.amounts.filter { $0.key.period == nil }.map(\.value.value)
        #expect(turns.reduce(0, +) == 0)
        #expect(turns.allSatisfy { abs($0) <= 3 * 7 })
        let rules = ruleSet(Distribution(pool: pool(.weighted, weights)))
        var counts: [Int: Int] = [:]
        for _ in 0..<700 { counts[destination(rules.decide(Lead(), from: nil, in: &state)) ?? 0, default: 0] += 1 }
        for (place, weight) in weights.enumerated() {
            #expect(abs((counts[place + 2] ?? 0) - Int(weight) * 100) <= 4)
        }
    }

    @Test("A new member starts level with the others")
    func newcomer() {
        var state = RoutingState()
        let two = ruleSet(Distribution(pool: pool(.roundRobin, [1, 1])))
        for _ in 0..<1001 { _ = two.decide(Lead(), from: nil, in: &state) }
        let three = ruleSet(Distribution(pool: pool(.roundRobin, [1, 1, 1])))
        let order = (0..<6).compactMap { _ in destination(three.decide(Lead(), from: nil, in: &state)) }
        #expect(order.filter { $0 == 4 }.count == 2)
        #expect(order.first == 3)
    }

    @Test("Leads beyond a cap go to the next rule, and the reason says so")
    func capAndNextRule() {
        let next = Samples.rule(51, of: nil, to: 3, priority: 1)
        let rules = ruleSet(Distribution(caps: [Cap(per: .day, limit: 3)]), others: [next])
        var state = RoutingState()
        let order = (0..<5).map { _ in rules.decide(Lead(), from: Samples.id(1), in: &state) }
        #expect(order.map(destination) == [2, 2, 2, 3, 3])
        #expect(order[4].reason.text(for: .administrator).contains("“Rule 50”, which is full (3 of 3 today)"))
    }

    @Test("Capacity of unwritten decisions is returned")
    func giveBack() {
        let rules = ruleSet(Distribution(pool: pool(.roundRobin, [1, 1]), caps: [Cap(per: .total, limit: 1)]))
        var state = RoutingState()
        let first = rules.decide(Lead(), from: nil, in: &state)
        #expect(destination(rules.decide(Lead(), from: nil, in: &state)) == nil)
        if let use = first.use { state.apply(use, times: -1) }
        #expect(state.amounts.values.allSatisfy { $0.value == 0 })
        #expect(destination(rules.decide(Lead(), from: nil, in: &state)) == 2)
    }

    @Test("Leads wait for a full destination in order")
    func waiting() {
        let next = Samples.rule(51, of: nil, to: 3, priority: 1)
        let waiting = Distribution(caps: [Cap(per: .hour, limit: 1)], whenFull: .wait)
        let rules = ruleSet(waiting, others: [next])
        var state = RoutingState()
        _ = rules.decide(Lead(), from: nil, in: &state)
        let second = rules.decide(Lead(), from: nil, in: &state)
        #expect(second.outcome == .waiting(rule: Self.rule, ruleName: "Rule 50"))
        #expect(second.use?.charges.isEmpty == true)

        var later = RoutingState()
        later.waiting = [Self.rule]
        #expect(rules.decide(Lead(), from: nil, in: &later).outcome == .waiting(rule: Self.rule, ruleName: "Rule 50"))
        let drained = rules.decide(Lead(), from: nil, in: &later, waitedFor: Self.rule)
        #expect(destination(drained) == 2)
        #expect(rules.room(under: Self.rule, in: later) == 0)
        #expect(rules.room(under: Samples.id(51), in: later) == nil)
    }

    @Test("A paused workspace makes leads of a waiting rule wait, an inactive one does not")
    func pausedDestination() {
        let wait = Distribution(whenFull: .wait)
        var state = RoutingState()
        let paused = ruleSet(wait, workspaces: [Samples.workspace(2, isPaused: true)])
        #expect(paused.decide(Lead(), from: nil, in: &state).outcome == .waiting(rule: Self.rule, ruleName: "Rule 50"))
        #expect(paused.room(under: Self.rule, in: state) == 0)
        let inactive = ruleSet(wait, workspaces: [Samples.workspace(2, isActive: false)])
        #expect(inactive.decide(Lead(), from: Samples.id(1), in: &state).outcome == .unmatched(keptIn: Samples.id(1)))
        #expect(inactive.room(under: Self.rule, in: state) == nil)
    }

    @Test("Opening hours, holidays and minimum score")
    func hours() throws {
        let settings = try #require(
            JSONValue(
                json:
                    #"{"hours":{"mon":[["09:00","12:00"],["13:00","17:30"]]},"holidays":["2026-12-28"],"minimumScore":40}"#
            )
        )
        var workspace = Samples.workspace(2)
        workspace.capacity = WorkspaceCapacity(settings)
        #expect(workspace.capacity?.problems == [])
        #expect(workspace.capacity.map { WorkspaceCapacity($0.settings) } == workspace.capacity)
        let rules = ruleSet(nil, workspaces: [workspace])
        // 2026-11-23 is a Monday.
        let monday: Int64 = 20_780 * 1440
        func decide(_ minutes: Int64, score: String = "50") -> Int? {
            var state = RoutingState()
            state.clocks = [workspace.id: LocalTime(minutesSinceEpoch: minutes)]
            let lead = Lead(metadata: #"{"score": \#(score)}"#)
            return destination(rules.decide(lead, from: Samples.id(1), in: &state))
        }
        #expect(LocalTime(minutesSinceEpoch: monday).text == "2026-11-23T00:00")
        #expect(decide(monday + 9 * 60) == 2)
        #expect(decide(monday + 9 * 60 - 1) == nil)
        #expect(decide(monday + 12 * 60) == nil)
        #expect(decide(monday + 17 * 60 + 29) == 2)
        #expect(decide(monday + 1440 + 600) == nil)
        #expect(decide(monday + 35 * 1440 + 600) == nil)
        #expect(decide(monday + 600, score: "39.9") == nil)
        #expect(decide(monday + 600, score: "\"40\"") == 2)
        let opening = workspace.capacity?.hours?.opening(from: LocalTime(minutesSinceEpoch: monday + 35 * 1440))
        #expect(opening?.text == "2027-01-04T09:00")
    }

    @Test("Least loaded balances by weight; ties alternate")
    func leastLoaded() {
        var state = RoutingState()
        let rules = ruleSet(Distribution(pool: pool(.leastLoaded, [2, 1, 1])))
        state.amounts[StateKey(.load, Self.rule, Samples.id(3), per: .day)] = .init(4)
        let order = (0..<12).compactMap { _ in destination(rules.decide(Lead(), from: nil, in: &state)) }
        #expect(order.filter { $0 == 3 }.isEmpty)
        let loads = (2...4).map { state.amounts[StateKey(.load, Self.rule, Samples.id($0), per: .day)]?.value ?? 0 }
        #expect(loads == [8, 4, 4])
    }

    @Test("Sticky keeps a company's destination and ignores free mail domains")
    func sticky() {
        var pool = pool(.sticky, [1, 1])
        pool.stickyBy = .emailDomain
        let rules = ruleSet(Distribution(pool: pool))
        var state = RoutingState()
        func go(_ email: String) -> Int? {
            destination(rules.decide(Lead(email: email), from: nil, in: &state))
        }
        #expect(["a@acme.test", "b@other.test", "c@ACME.test", "d@acme.test"].map(go) == [2, 3, 2, 2])
        #expect(["x@gmail.com", "y@gmail.com"].map(go) == [2, 3])
        #expect(rules.stateRequest(for: [(Lead(email: "a@acme.test"), nil)]).sticky.count == 1)
    }

    @Test("Present people below their caps take turns")
    func people() {
        func person(_ number: Int, weight: Int64 = 1, caps: [Cap] = [], absent: Bool = false) -> Assignee {
            Assignee(
                id: Samples.id(number),
                workspaceID: Samples.id(2),
                name: "P\(number)",
                weight: weight,
                caps: caps,
                absentFrom: absent ? 10 : nil
            )
        }
        var workspace = Samples.workspace(2)
        workspace.assignees = [
            person(61, weight: 2), person(62, caps: [Cap(per: .day, limit: 1)]), person(63, absent: true),
        ]
        let rules = ruleSet(nil, workspaces: [workspace])
        var state = RoutingState(now: 20)
        let names = (0..<6).map { _ in rules.decide(Lead(), from: nil, in: &state).assignee?.name }
        #expect(names == ["P61", "P62", "P61", "P61", "P61", "P61"])
        workspace.assignees = [person(63, absent: true)]
        let unassigned = ruleSet(nil, workspaces: [workspace]).decide(Lead(), from: nil, in: &state)
        #expect(destination(unassigned) == 2)
        #expect(unassigned.assignee == nil)
        #expect(unassigned.reason.text(for: .administrator).contains("No assignee is available"))
    }

    @Test("The recorded state reproduces the decision", arguments: 1...20)
    func replay(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        var shared = pool(.sticky, [3, 2, 1], caps: [[], [Cap(per: .hour, limit: 4)]])
        shared.otherwise = [.weighted, .leastLoaded, .inOrder, .roundRobin].randomElement(using: &random) ?? .inOrder
        var workspace = Samples.workspace(3)
        workspace.capacity = WorkspaceCapacity(caps: [Cap(per: .month, limit: 5)])
        let rules = ruleSet(
            Distribution(pool: shared, caps: [Cap(per: .day, limit: 12)], whenFull: .wait),
            workspaces: [workspace]
        )
        var state = RoutingState(now: 77)
        for number in 0..<16 {
            let lead = Lead(companyName: "Company \(Int.random(in: 0...5, using: &random)) \(number / 8)")
            let decision = rules.decide(lead, from: nil, in: &state)
            let use = try #require(decision.use)
            var seen = try #require(RoutingState(metadata: use.metadata))
            #expect(rules.decide(lead, from: nil, in: &seen) == decision)
        }
    }

    @Test("Errors name their paths")
    func problems() throws {
        func paths(_ json: String) throws -> [String] {
            Distribution(try #require(JSONValue(json: json)), at: "/distribution").problems.map(\.field)
        }
        let id = Samples.id(2).text
        #expect(
            try paths(
                #"{"pool":{"method":"weighted","members":[{"workspaceId":"\#(id)"},{"workspaceId":"\#(id)","weight":0}]}}"#
            )
                == ["/distribution/pool/members/1/weight", "/distribution/pool/members/1/workspaceId"]
        )
        #expect(try paths(#"{"pool":{"method":"best","members":[]}}"#) == ["/distribution/pool/method"])
        #expect(try paths(#"{"pool":{"method":"in_order","members":[]}}"#) == ["/distribution/pool/members"])
        #expect(
            try paths(#"{"caps":[{"per":"day"},{"per":"year","limit":1.5}],"full":1}"#)
                == [
                    "/distribution/full", "/distribution/caps/0/limit", "/distribution/caps/1/per",
                    "/distribution/caps/1/limit",
                ]
        )
        #expect(try paths("[]") == ["/distribution"])
        let capacity = WorkspaceCapacity(
            try #require(
                JSONValue(json: #"{"hours":{"mon":[["18:00","09:00"]],"funday":[]},"holidays":["2026-02-30"]}"#)
            ),
            at: "/capacity"
        )
        #expect(
            capacity.problems.map(\.field) == ["/capacity/hours/funday", "/capacity/hours/mon", "/capacity/holidays"]
        )
    }

    @Test("Rules without capacity need no state")
    func stateless() {
        let rules = ruleSet(nil)
        #expect(!rules.isStateful)
        #expect(rules.stateRequest(for: [(Lead(), nil)]).isEmpty)
        // In order without caps: the rules alone decide.
        let inOrder = ruleSet(
            Distribution(pool: pool(.inOrder, [1, 1])),
            workspaces: [Samples.workspace(2, isPaused: true)]
        )
        #expect(!inOrder.isStateful)
        #expect(destination(inOrder.decide(Lead(), from: nil)) == 3)
    }
}
