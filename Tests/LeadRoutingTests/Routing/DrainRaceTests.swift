import FoundationEssentials
import LeadRouting
import LeadStore
import Postgres
import RoutingRules
import Synchronization
import Testing

/// Several routers drain one backlog.
@Suite struct DrainRaceTests {
    @Test func concurrentRoutersRouteEachLeadOnce() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.insertWaiting(1500)
            let totals = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<6 {
                    group.addTask {
                        let router = fixture.router()
                        var claimed = 0
                        // A router skips leads locked by others, so it may find none before all are routed.
                        for _ in 0..<100 {
                            claimed += try await router.drain(limit: 10_000, batch: 40).claimed
                            if try await fixture.number("SELECT count(*) FROM lead_routing_queue") == 0 { break }
                        }
                        return claimed
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(totals.reduce(0, +) == 1500)
            let west = "workspace_id = '\(Samples.west.text)' AND routing_attempts = 1"
            #expect(try await fixture.number("SELECT count(*) FROM leads WHERE \(west)") == 1500)
            #expect(try await fixture.number("SELECT count(*) FROM lead_routing_logs") == 1500)
            #expect(try await fixture.brokenPromises() == 0)
        }
    }

    /// A router that has claimed leads does not block others, and if it dies its leads are released at once.
    @Test func killedRouterReleasesItsLeads() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.insertWaiting(30)
            let router = fixture.router()
            struct Dead: Error {}
            await #expect(throws: Dead.self) {
                try await fixture.pool.withTransaction { connection in
                    let held = Statement("", "SELECT unnest(switchyard.hold_turn(20, false))")
                    #expect(try await connection.query(held).count == 20)
                    #expect(try await router.drain(limit: 100).routed == 10)
                    throw Dead()
                }
            }
            #expect(try await router.drain(limit: 100).routed == 20)
            #expect(try await fixture.brokenPromises() == 0)
        }
    }
}
