import FoundationEssentials
import JSON
import Testing

@testable import RoutingRules

/// Waiting leads of a simulation move when routing would have capacity, and in its order.
@Suite struct SimulatedWaitingTests {
    private static let hour: Int64 = 3_600_000_000
    private static let day = 24 * hour

    /// Days of UTC from the first one on.
    private static let clock = SimulatedClock(
        windows: [.init(timeZone: "UTC", period: .day): (0..<40).map { Int64($0) * day }],
        offsets: [:]
    )

    private func snapshot(_ rules: [RoutingRule], _ workspaces: [Workspace]? = nil) -> RuleSetSnapshot {
        RuleSetSnapshot(
            version: 5,
            workspaces: workspaces ?? (1...4).map { Samples.workspace($0) },
            rules: rules,
            agreements: []
        )
    }

    private func waiting(_ caps: [Cap], pool: Pool? = nil) -> RoutingRule {
        var rule = Samples.rule(10, of: nil, to: 2, priority: 2)
        rule.distribution = Distribution(pool: pool, caps: caps, whenFull: .wait)
        return rule
    }

    private func lead(_ number: Int, from source: Int = 1, at time: Int64) -> SimulatedLead {
        SimulatedLead(
            id: Samples.id(1000 + number),
            lead: Lead(industry: "Tech"),
            source: Samples.id(source),
            time: time
        )
    }

    /// Ten leads at once and three a day: three on the first day, and three more at each midnight, the oldest first.
    @Test func waitingLeadIsRoutedOnNewDay() throws {
        let draft = snapshot([waiting([Cap(per: .day, limit: 3)])])
        var simulation = RuleSimulation(live: snapshot([]), draft: draft, windows: Self.clock, for: .administrator)
        simulation.add((0..<10).map { lead($0, at: Int64($0) * 1000) })
        simulation.advance(to: 2 * Self.day + Self.hour)
        let report = simulation.finished()
        #expect(report.newlyMatched == 10)
        #expect(report.workspaces.first { $0.id == Samples.id(2) }?.draft == 9)
        #expect(report.draftWaits.ever == 7 && report.draftWaits.still == 1)
        #expect(report.draftWaits.longest == 2 * Self.day - 6000)
        #expect(report.liveWaits == .init())
        let cap = try #require(report.caps.first)
        #expect(cap.draftWindows == 3 && cap.draftFirst == 2000)
        let still = try #require(report.moves.first { $0.to.isWaiting })
        #expect(still.sample == [Samples.id(1009)])
        #expect(report.text(names: [:]) { "\($0)" }.contains("still waiting at the end"))
    }

    /// A lead that arrives while others wait does not overtake them, and is routed once they are.
    @Test func waitingLeadsAreNotOvertaken() {
        let draft = snapshot([waiting([Cap(per: .day, limit: 2)])])
        var simulation = RuleSimulation(live: draft, draft: draft, windows: Self.clock, for: .administrator)
        simulation.add((0..<3).map { lead($0, at: Int64($0)) })
        // At midnight the third moves, so that one place is left.
        simulation.add([lead(3, at: Self.day + 5), lead(4, at: Self.day + 6)])
        let report = simulation.finished()
        #expect(report.leads[3].draft.rule == Samples.id(10))
        #expect(report.leads[4].draft.rule == nil)
        #expect(report.draftWaits.ever == 2 && report.draftWaits.still == 1)
        #expect(report.unchanged == 5)
    }

    /// Sources have equal shares of the capacity, whatever their order of arrival.
    @Test func waitingSourcesAlternate() {
        let draft = snapshot([waiting([Cap(per: .day, limit: 4)])])
        var simulation = RuleSimulation(live: snapshot([]), draft: draft, windows: Self.clock, for: .administrator)
        simulation.add((0..<4).map { lead($0, from: 4, at: Int64($0)) })
        simulation.add((4..<10).map { lead($0, from: 1, at: Int64($0)) })
        simulation.add((10..<12).map { lead($0, from: 3, at: Int64($0)) })
        simulation.advance(to: Self.day)
        let moved = simulation.finished().leads.filter { $0.draft.rule != nil }.map(\.index)
        #expect(moved == [0, 1, 2, 3, 4, 5, 10, 11])
    }

    /// A lead that moves to another queue is placed by its age.
    @Test func queueIsOrderedByAge() {
        var line = SimulatedQueue()
        for number in [5, 2, 9, 1] { line.add(.init(number: number, lead: lead(number, at: Int64(number)))) }
        #expect(line.next(4, except: []).map(\.number) == [1, 2, 5, 9])
        #expect(line.next(2, except: [1, 5]).map(\.number) == [2, 9])
    }

    /// A closed destination takes its waiting leads when it opens, by its own clock.
    @Test func waitingLeadMovesAtOpening() throws {
        var open = Samples.workspace(2)
        open.capacity = WorkspaceCapacity(
            try #require(
                JSONValue(
                    json: #"{"timeZone":"Asia/Tokyo","hours":{"thu":[["09:00","12:00"]],"fri":[["10:30","17:00"]]}}"#
                )
            )
        )
        let clock = SimulatedClock(
            windows: [:],
            offsets: ["Asia/Tokyo": [.init(from: -Self.hour, offset: 9 * Self.hour)]]
        )
        let draft = snapshot([waiting([])], [Samples.workspace(1), open])
        var simulation = RuleSimulation(live: snapshot([]), draft: draft, windows: clock, for: .administrator)
        // 00:00 UTC on 1 January 1970 was Thursday 09:00 in Tokyo; 03:00 is noon, 25:30 is Friday 10:30.
        simulation.add((0..<6).map { lead($0, at: Int64($0) * Self.hour) })
        simulation.advance(to: 25 * Self.hour)
        #expect(simulation.finished().draftWaits.still == 3)
        simulation.advance(to: 26 * Self.hour)
        let report = simulation.finished()
        #expect(report.draftWaits.still == 0 && report.draftWaits.longest == 22 * Self.hour + Self.hour / 2)
        #expect(report.newlyMatched == 6)
    }

    /// A lead that the free destination does not accept does not block the others.
    @Test func laterWaitingLeadsMoveToo() throws {
        var choosy = Samples.workspace(3)
        choosy.capacity = WorkspaceCapacity(minimumScore: 50)
        let pool = Pool(
            .inOrder,
            members: [
                .init(workspaceID: Samples.id(2), caps: [Cap(per: .total, limit: 1)]),
                .init(workspaceID: Samples.id(3)),
            ]
        )
        let draft = snapshot(
            [waiting([], pool: pool)],
            [Samples.workspace(1), Samples.workspace(2), choosy, Samples.workspace(4)]
        )
        var simulation = RuleSimulation(live: snapshot([]), draft: draft, windows: Self.clock, for: .administrator)
        var good = Lead(industry: "Tech")
        good.metadata = #"{"score": 70}"#
        simulation.add([lead(0, at: 0), lead(1, at: 1)])
        simulation.add([SimulatedLead(id: Samples.id(7), lead: good, source: Samples.id(1), time: 2)])
        simulation.advance(to: Self.hour)
        let report = simulation.finished()
        #expect(report.workspaces.first { $0.id == Samples.id(3) }?.draft == 1)
        // The good one did not overtake: it waited for the second after which routing checks.
        #expect(report.draftWaits.ever == 2 && report.draftWaits.still == 1)
    }

    /// Caps that are full at the start are reported, and turns continue from their current values.
    @Test func givenCountersAreUsed() throws {
        let pool = Pool(
            .roundRobin,
            members: [.init(workspaceID: Samples.id(2)), .init(workspaceID: Samples.id(3))]
        )
        var rule = waiting([Cap(per: .day, limit: 5)], pool: pool)
        rule.distribution?.whenFull = .nextRule
        let rules = snapshot([rule])
        var start = RoutingState(now: 10)
        start.amounts[StateKey(.rule, rule.id, per: .day)] = .init(4, windowStart: 0)
        start.amounts[StateKey(.member, rule.id, Samples.id(2), per: nil)] = .init(-1)
        start.amounts[StateKey(.member, rule.id, Samples.id(3), per: nil)] = .init(1)
        var simulation = RuleSimulation(
            live: rules,
            draft: rules,
            windows: Self.clock,
            from: start,
            for: .administrator
        )
        simulation.add((0..<3).map { lead($0, at: 20 + Int64($0)) })
        let report = simulation.finished()
        #expect(report.counters == .live)
        #expect(report.leads.map(\.live.rule) == [rule.id, nil, nil])
        #expect(report.workspaces.first { $0.id == Samples.id(3) }?.live == 1)
        #expect(report.caps.first?.liveFirst == 20)
        start.amounts[StateKey(.rule, rule.id, per: .day)] = .init(5, windowStart: 0)
        var full = RuleSimulation(
            live: rules,
            draft: rules,
            windows: Self.clock,
            from: start,
            offset: Self.day,
            for: .administrator
        )
        full.add([lead(0, at: 20)])
        let next = full.finished()
        // A day later it is empty again; it was full at the start.
        #expect(next.leads[0].live.rule == rule.id)
        #expect(next.caps.first?.liveFirst == 10 && next.period == 20...20)
    }
}
