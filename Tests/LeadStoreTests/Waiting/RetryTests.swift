import FoundationEssentials
import LeadStore
import RoutingRules
import Testing

/// The delays between attempts, the final failure, and the requeue.
@Suite struct RetryTests {
    @Test func backoffIsOneFiveFifteenSixtyMinutes() async throws {
        try await StoreFixture.with { fixture in
            try await fixture.ingest(.sample(1, .retry))
            var waits: [Double] = []
            for attempt in 1...4 {
                let wait = try await fixture.value(
                    """
                    SELECT extract(epoch FROM q.next_retry_at - l.routing_last_attempted_at)
                    FROM lead_routing_queue q JOIN leads l ON l.id = q.lead_id WHERE q.attempt_number = \(attempt)
                    """
                )
                waits.append(try #require(Double(wait)))
                #expect(try await fixture.settle(.retry).isEmpty, "It is not due yet.")
                let settled = try await fixture.settle(.retry, limit: 1, leadID: .lead(1))
                #expect(settled.map(\.lead.attempts) == [attempt])
                #expect(settled.map(\.exception) == [attempt == 4 ? .failed : nil])
            }
            // The database uses the delays of Swift's schedule, plus a tenth at most.
            let delays = RetryBackoff.standard.delays.map { Double($0.components.seconds) }
            #expect(delays == [60, 300, 900, 3600])
            #expect(waits.count == delays.count)
            for (wait, delay) in zip(waits, delays) { #expect(wait >= delay && wait <= delay * 1.1) }
            let lead = try #require(try await fixture.stores.leads.find(.lead(1), as: .administrator))
            #expect(lead.status == .failed)
            #expect(lead.attempts == 5)
            #expect(lead.error?.stored == "No rule yet.")
            #expect(try await fixture.count("lead_routing_queue") == 0)
            let results = try await fixture.stores.leads.history(.lead(1), as: .administrator).map(\.result)
            #expect(results == ["retry", "retry", "retry", "retry", "failed"])
            // A permanently failed lead claims no identity.
            #expect(try await fixture.ingest(.sample(2, email: "person1@example.com", .kept)).isEmpty)
        }
    }

    @Test func requeueResetsTheAttempts() async throws {
        try await StoreFixture.with { fixture in
            try await fixture.ingest(.sample(1, .queued), .sample(2, .to(StoreFixture.b)))
            let settled = try await fixture.settle(.init(result: .failed, reason: "Not possible."))
            #expect(settled.map(\.exception) == [.failed])
            #expect(try await fixture.stores.queue.requeue(.lead(1), actor: "ann"))
            #expect(try await !fixture.stores.queue.requeue(.lead(1), actor: "ann"))
            #expect(try await !fixture.stores.queue.requeue(.lead(2), actor: "ann"))
            #expect(try await !fixture.stores.queue.requeue(.lead(99), actor: "ann"))
            #expect(try await fixture.settle(.to(StoreFixture.b)).map(\.lead.attempts) == [0])
            let history = try await fixture.stores.leads.history(.lead(1), as: .administrator)
            #expect(history.map(\.result) == ["failed", "requeued", "success"])
            #expect(history.dropFirst().first?.actor == "ann")
        }
    }

    @Test func missingDestinationRetriesTheLead() async throws {
        try await StoreFixture.with { fixture in
            try await fixture.ingest(.sample(1, .queued), .sample(2, .queued))
            try await fixture.run("UPDATE workspaces SET is_active = false WHERE id = '\(StoreFixture.b.text)'")
            let first = try await fixture.settle(.to(StoreFixture.missingWorkspace), limit: 1, leadID: .lead(1))
            let second = try await fixture.settle(.to(StoreFixture.b), limit: 1, leadID: .lead(2))
            #expect((first + second).map(\.exception) == [.destinationGone, .destinationGone])
            #expect(try await fixture.count("lead_routing_queue", where: "attempt_number = 1") == 2)
            #expect(try await fixture.count("leads", where: "workspace_id = source_workspace_id") == 2)
            #expect(try await fixture.count("lead_attributions") == 0)
        }
    }

    @Test func earlierClaimMakesADuplicate() async throws {
        try await StoreFixture.with { fixture in
            try await fixture.run(
                "INSERT INTO leads (id, workspace_id, email) VALUES ('\(UUID.lead(1).text)', '\(StoreFixture.a.text)', "
                    + "'Person2@example.com')"
            )
            try await fixture.ingest(.sample(2, from: StoreFixture.b, .to(StoreFixture.c)))
            #expect(try await fixture.settle(.to(StoreFixture.c)).map(\.exception) == [.duplicate(of: .lead(2))])
            #expect(try await fixture.stores.leads.find(.lead(1), as: .administrator)?.workspaceID == StoreFixture.a)
        }
    }
}
