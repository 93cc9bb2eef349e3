import FoundationEssentials
import LeadStore
import Postgres
import RoutingRules
import Testing

@testable import LeadRouting

/// Operators pause and resume routing; sources take turns.
@Suite struct PauseTests {
    @Test func leadsOfPausedSourceWaitUntilResume() async throws {
        try await RoutingFixture.with { fixture in
            let intake = fixture.intake()
            _ = try await intake.submit(Samples.lead(0), from: Samples.partner)
            #expect(try await fixture.stores.pauses.begin(of: Samples.partner, reason: "audit", actor: "key-1"))
            #expect(try await !fixture.stores.pauses.begin(of: Samples.partner, reason: nil, actor: "key-2"))

            // The node's rules are older than the pause: the database refuses its decisions.
            let waiting = try await intake.submit(Samples.lead(1), from: Samples.partner)
            #expect(waiting.status == .pending)
            #expect(waiting.reason.text(for: .administrator).contains("paused"))
            #expect(try await intake.submit(Samples.lead(2), from: Samples.rival).status == .routed)
            let router = fixture.router()
            #expect(try await router.drain(limit: 100).claimed == 0)
            await #expect(throws: RouteRefusal(code: .paused)) {
                try await router.route(leadID: waiting.leadID, as: .administrator)
            }
            #expect(
                try await fixture.number("SELECT routing_attempts FROM leads WHERE routing_status = 'pending'") == 0
            )

            #expect(try await fixture.stores.pauses.end(of: Samples.partner, actor: "key-2"))
            #expect(try await !fixture.stores.pauses.end(of: Samples.partner, actor: "key-2"))
            // The router's rules still have the pause; the claim detects that they are stale.
            #expect(try await router.drain(limit: 100).routed == 1)
            let actions = try await fixture.run("SELECT actor, action, reason FROM switchyard.operator_log ORDER BY id")
            #expect(actions == [["key-1", "pause", "audit"], ["key-2", "resume", "-"]])
            #expect(try await fixture.brokenPromises() == 0)
        }
    }

    @Test func globalPauseIsIndependentOfSources() async throws {
        try await RoutingFixture.with { fixture in
            let stores = fixture.stores
            try await fixture.insertWaiting(3)
            _ = try await stores.pauses.begin(of: nil, reason: nil, actor: "a")
            _ = try await stores.pauses.begin(of: Samples.rival, reason: nil, actor: "a")
            #expect(try await fixture.intake().submit(Samples.lead(9), from: Samples.rival).status == .pending)
            #expect(try await fixture.router().drain(limit: 100).claimed == 0)
            #expect(
                try await stores.pauses.list(as: .administrator).map(\.workspaceID) == [nil, Samples.rival]
            )
            #expect(try await stores.pauses.list(as: .workspace(Samples.partner)).map(\.workspaceID) == [nil])
            _ = try await stores.pauses.end(of: nil, actor: "a")
            #expect(try await fixture.router().drain(limit: 100).routed == 3)
            await #expect(throws: StoreError.self) {
                try await stores.pauses.begin(of: .sample(99), reason: nil, actor: "a")
            }
            await #expect(throws: PostgresError.self) { try await fixture.run("DELETE FROM switchyard.operator_log") }
        }
    }

    /// Routing is paused and resumed while leads arrive and are routed: none is lost, none is routed twice.
    @Test func concurrentPauseLosesNoLead() async throws {
        try await RoutingFixture.with { fixture in
            let intakes = [fixture.intake(leadsInBatch: 16), fixture.intake(leadsInBatch: 16)]
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<300 {
                    group.addTask {
                        _ = try await intakes[number % 2].submit(Samples.lead(number), from: Samples.partner)
                    }
                }
                group.addTask {
                    let router = fixture.router()
                    for _ in 0..<30 { _ = try await router.drain(limit: 1000, batch: 20) }
                }
                for _ in 0..<10 {
                    _ = try await fixture.stores.pauses.begin(of: Samples.partner, reason: nil, actor: "a")
                    // Work for the others to overtake, not a wait for time.
                    _ = try await fixture.number("SELECT count(*) FROM lead_routing_logs")
                    _ = try await fixture.stores.pauses.end(of: Samples.partner, actor: "a")
                }
                try await group.waitForAll()
            }
            _ = try await fixture.router().drain(limit: 1000)
            #expect(try await fixture.number("SELECT count(*) FROM leads WHERE routing_status = 'routed'") == 300)
            #expect(try await fixture.brokenPromises() == 0)
        }
    }

    @Test func batchesAreSharedAmongSources() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.insertWaiting(500)
            try await fixture.run(
                """
                INSERT INTO leads (workspace_id, email, company_industry)
                SELECT '\(Samples.rival.text)', 'late' || n || '@example.com', 'software' FROM generate_series(1, 8) n
                """
            )
            let router = fixture.router()
            #expect(try await router.routeDue(.new, limit: 20).routed == 20)
            let routed = "SELECT count(*) FROM leads WHERE routing_status = 'routed' AND source_workspace_id = "
            // 8 of 10 are its share; the older backlog gets the rest.
            #expect(try await fixture.number(routed + "'\(Samples.rival.text)'") == 8)
            #expect(try await fixture.number(routed + "'\(Samples.partner.text)'") == 12)
        }
    }
}
