import FoundationEssentials
import LeadStore
import Postgres
import RoutingRules
import Testing

@testable import LeadRouting

/// Leads that wait for capacity, and the events that route them.
@Suite struct CapacityWaitTests {
    private static let waiting = "SELECT count(*) FROM lead_routing_queue WHERE waiting_for IS NOT NULL"

    private func full(limit: Int64) -> Distribution {
        Distribution(caps: [Cap(per: .total, limit: limit)], whenFull: .wait)
    }

    /// The numbers of the leads in the west, in their order of arrival there.
    private func order(_ fixture: RoutingFixture) async throws -> [Int] {
        try await fixture.run(
            """
            SELECT substring(l.email FROM '[0-9]+') FROM leads l
            JOIN lead_routing_logs g ON g.lead_id = l.id AND g.routing_result = 'success' ORDER BY g.created_at, g.id
            """
        )
        .compactMap { Int($0[0]) }
    }

    @Test func raisedCapRoutesOldestFirst() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.distribute(full(limit: 2))
            let intake = fixture.intake()
            var outcomes: [RoutingOutcome] = []
            for number in 0..<8 {
                outcomes.append(try await intake.submit(Samples.lead(number), from: Samples.partner))
            }
            #expect(outcomes.map(\.status) == [.routed, .routed] + Array(repeating: .pending, count: 6))
            #expect(
                outcomes[2].reason.text(for: .administrator)
                    .contains("Waiting for rule “Software”, which is full (2 of 2 in all).")
            )
            #expect(try await fixture.number(Self.waiting) == 6)
            #expect(
                try await fixture.number("SELECT max(routing_attempts) FROM leads WHERE routing_status = 'pending'")
                    == 0
            )
            let router = fixture.router()
            #expect(try await router.routeLeadsWaitingForCapacity().claimed == 0)
            #expect(try await router.drain(limit: 100).claimed == 0)
            try await fixture.distribute(full(limit: 5))
            #expect(try await router.routeLeadsWaitingForCapacity().routed == 3)
            #expect(try await order(fixture) == [0, 1, 2, 3, 4])
            // It waits behind earlier leads, though one more would fit.
            try await fixture.distribute(full(limit: 6))
            let late = try await fixture.intake().submit(Samples.lead(9), from: Samples.partner)
            #expect(late.status == .pending)
            #expect(try await router.routeLeadsWaitingForCapacity().routed == 1)
            #expect(try await order(fixture) == [0, 1, 2, 3, 4, 5])
            #expect(try await fixture.number(Self.waiting) == 3)
            #expect(try await fixture.stores.queue.waitingForCapacity() == 3)
            let health = try await fixture.stores.health.counts()
            #expect(health.waitingForCapacity == 3)
            // A lead that waits for capacity is not overdue.
            #expect(health.oldestPendingSeconds == nil)
            #expect(
                try await fixture.number("SELECT count(*) FROM lead_routing_logs WHERE routing_result = 'waiting'") == 7
            )
        }
    }

    /// Nothing is written while no lead can move, however often they are checked.
    @Test func reviewWithoutCapacityWritesNothing() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.distribute(full(limit: 0))
            let intake = fixture.intake()
            for number in 0..<20 { _ = try await intake.submit(Samples.lead(number), from: Samples.partner) }
            let before = try await fixture.run("SELECT xmin, xmax FROM lead_routing_queue ORDER BY lead_id")
            let router = fixture.router()
            for _ in 0..<5 { #expect(try await router.routeLeadsWaitingForCapacity().claimed == 0) }
            #expect(try await fixture.run("SELECT xmin, xmax FROM lead_routing_queue ORDER BY lead_id") == before)
        }
    }

    /// A waiting lead that is made due by SQL is decided again, and does not stay due: otherwise it would be claimed
    /// again and again.
    @Test func leadWaitingForCapacityIsNotDue() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.distribute(full(limit: 0))
            _ = try await fixture.intake().submit(Samples.lead(1), from: Samples.partner)
            try await fixture.run("UPDATE lead_routing_queue SET next_retry_at = now()")
            let router = fixture.router()
            #expect(try await router.drain(limit: 100).claimed == 1)
            #expect(try await router.drain(limit: 100).claimed == 0)
            #expect(try await fixture.number(Self.waiting) == 1)
        }
    }

    @Test func sourcesAlternate() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.distribute(full(limit: 0))
            let intake = fixture.intake()
            for number in 0..<30 { _ = try await intake.submit(Samples.lead(number), from: Samples.partner) }
            for number in 30..<35 { _ = try await intake.submit(Samples.lead(number), from: Samples.rival) }
            let router = fixture.router()
            // One place at a time: the sources alternate, each its oldest first.
            for limit in 1...6 {
                try await fixture.distribute(full(limit: Int64(limit)))
                #expect(try await router.routeLeadsWaitingForCapacity().routed == 1)
            }
            #expect(try await order(fixture) == [0, 30, 1, 31, 2, 32])
            try await fixture.distribute(full(limit: 14))
            #expect(try await router.routeLeadsWaitingForCapacity().routed == 8)
            #expect(try await Set(order(fixture)) == Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 30, 31, 32, 33, 34]))
        }
    }

    @Test func resumedWorkspaceAndDeletedRuleReleaseLeads() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.distribute(Distribution(whenFull: .wait))
            var pause = WorkspaceChange()
            pause.isPaused = true
            _ = try await fixture.stores.workspaces.change(Samples.west, pause, as: .administrator)
            let intake = fixture.intake()
            for number in 0..<6 { _ = try await intake.submit(Samples.lead(number), from: Samples.partner) }
            let router = fixture.router()
            #expect(try await fixture.number(Self.waiting) == 6)
            #expect(try await router.routeLeadsWaitingForCapacity().claimed == 0)
            pause.isPaused = false
            _ = try await fixture.stores.workspaces.change(Samples.west, pause, as: .administrator)
            #expect(try await router.routeLeadsWaitingForCapacity().routed == 6)

            try await fixture.distribute(full(limit: 0))
            for number in 10..<14 { _ = try await fixture.intake().submit(Samples.lead(number), from: Samples.partner) }
            #expect(try await fixture.number(Self.waiting) == 4)
            #expect(try await fixture.stores.rules.delete(Samples.westRule, as: .administrator))
            #expect(try await router.routeLeadsWaitingForCapacity().routed == 4)
            #expect(try await fixture.number("SELECT count(*) FROM lead_routing_queue") == 0)
        }
    }

    @Test func pausedSourceKeepsLeadsWaiting() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.distribute(full(limit: 0))
            _ = try await fixture.intake().submit(Samples.lead(1), from: Samples.partner)
            _ = try await fixture.stores.pauses.begin(of: Samples.partner, reason: nil, actor: "a")
            try await fixture.distribute(nil)
            #expect(try await fixture.router().routeLeadsWaitingForCapacity().claimed == 0)
            _ = try await fixture.stores.pauses.end(of: Samples.partner, actor: "a")
            #expect(try await fixture.router().routeLeadsWaitingForCapacity().routed == 1)
        }
    }

    /// Many nodes route waiting leads while a cap rises step by step and leads arrive: never above the cap, none lost,
    /// in order.
    @Test func manyNodesRouteEachWaitingLeadOnce() async throws {
        try await RoutingFixture.with(connections: 16) { fixture in
            try await fixture.distribute(full(limit: 10))
            let intakes = [fixture.intake(leadsInBatch: 16), fixture.intake(leadsInBatch: 16)]
            let routers = (0..<3).map { _ in fixture.router() }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        _ = try await intakes[number % 2].submit(Samples.lead(number), from: Samples.partner)
                    }
                }
                for router in routers {
                    group.addTask { for _ in 0..<15 { _ = try await router.routeLeadsWaitingForCapacity(batch: 7) } }
                }
                for limit in stride(from: 20, through: 100, by: 20) {
                    try await fixture.distribute(full(limit: Int64(limit)))
                }
                try await group.waitForAll()
            }
            for _ in 0..<40 where try await fixture.router().routeLeadsWaitingForCapacity().routed > 0 {}
            let routed = "SELECT count(*) FROM leads WHERE routing_status = 'routed'"
            #expect(try await fixture.number(routed) == 100)
            #expect(try await fixture.number(Self.waiting) == 100)
            #expect(try await fixture.number("SELECT amount FROM switchyard.routing_state WHERE scope = 1") == 100)
            try await fixture.distribute(nil)
            _ = try await fixture.router().routeLeadsWaitingForCapacity()
            #expect(try await fixture.number(routed) == 200)
            #expect(try await fixture.number("SELECT count(*) FROM lead_routing_queue") == 0)
        }
    }

    /// Leads with a score too low for the free destination do not block the others.
    @Test func blockedLeadDoesNotHoldUpOthers() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.bound(
                Samples.west,
                WorkspaceCapacity(caps: [Cap(per: .total, limit: 0)], minimumScore: 40)
            )
            try await fixture.bound(Samples.east, WorkspaceCapacity(caps: [Cap(per: .total, limit: 0)]))
            try await fixture.distribute(
                Distribution(
                    pool: Pool(
                        .inOrder,
                        members: [.init(workspaceID: Samples.west), .init(workspaceID: Samples.east)]
                    ),
                    whenFull: .wait
                )
            )
            let intake = fixture.intake()
            for number in 0..<6 {
                var lead = Samples.lead(number)
                lead.metadata = #"{"score": \#(number < 4 ? 10 : 50)}"#
                _ = try await intake.submit(lead, from: Samples.partner)
            }
            try await fixture.bound(
                Samples.west,
                WorkspaceCapacity(caps: [Cap(per: .total, limit: 1)], minimumScore: 40)
            )
            #expect(try await fixture.router().routeLeadsWaitingForCapacity().routed == 1)
            #expect(try await order(fixture) == [4])
        }
    }
}
