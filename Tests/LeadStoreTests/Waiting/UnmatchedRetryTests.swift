import FoundationEssentials
import LeadStore
import Postgres
import RoutingRules
import TestDatabase
import Testing

/// An unmatched lead in its source workspace is requeued, once, and no other lead.
@Suite(.timeLimit(.minutes(5))) struct UnmatchedRetryTests {
    @Test func keptLeadIsRequeuedAndRoutedOnce() async throws {
        try await StoreFixture.with { fixture in
            try await fixture.ingest(.sample(1, .kept))
            let claims = try await fixture.run("SELECT identity, lead_id FROM lead_identity_claims ORDER BY 1")
            #expect(claims.count == 1)
            #expect(try await fixture.stores.queue.requeue(.lead(1), actor: "ann"))
            #expect(try await !fixture.stores.queue.requeue(.lead(1), actor: "ann"))
            let waiting = try #require(try await fixture.stores.leads.find(.lead(1), as: .administrator))
            #expect(waiting.status == .pending && waiting.attempts == 0 && waiting.routedAt == nil)
            #expect(waiting.workspaceID == StoreFixture.a)
            #expect(
                try await fixture.count("lead_routing_queue", where: "attempt_number = 0 AND next_retry_at <= now()")
                    == 1
            )
            // Its identity is still claimed: a lead with the same identity is a duplicate of it.
            #expect(try await fixture.run("SELECT identity, lead_id FROM lead_identity_claims ORDER BY 1") == claims)
            let twin = try await fixture.ingest(
                .sample(2, from: StoreFixture.c, email: "person1@example.com", .to(StoreFixture.b))
            )
            #expect(twin.count == 1)
            #expect(try await fixture.settle(.to(StoreFixture.b)).map(\.exception) == [nil])
            let history = try await fixture.stores.leads.history(.lead(1), as: .administrator)
            #expect(history.map(\.result) == ["unmatched", "requeued", "success"])
            #expect(
                history[1].actor == "ann"
                    && history[1].reason?.text(for: .administrator).hasPrefix("No rule had matched it") == true
            )
            #expect(history.map(\.attempt) == [1, 0, 1])
            #expect(try await fixture.count("lead_attributions") == 1)
            #expect(try await fixture.run("SELECT identity, lead_id FROM lead_identity_claims ORDER BY 1") == claims)
            #expect(try await fixture.count("lead_routing_queue") == 0)
            // It has been routed now.
            #expect(try await !fixture.stores.queue.requeue(.lead(1), actor: "ann"))
        }
    }

    /// The database refuses to requeue every other lead: a routed one, a duplicate, a returned one, an expired one, and
    /// one from before the rules.
    @Test func otherRoutedLeadsAreNotRequeued() async throws {
        try await StoreFixture.with { fixture in
            try await fixture.ingest(
                .sample(1, .kept),
                .sample(2, .to(StoreFixture.b)),
                .sample(3, .to(StoreFixture.b)),
                .sample(4, .kept),
                .sample(5, .kept)
            )
            try await fixture.ingest(
                .sample(6, from: StoreFixture.c, email: "person1@example.com", .to(StoreFixture.b))
            )
            try await fixture.run("SELECT switchyard.return_lead('\(UUID.lead(3).text)', NULL, 'ann', NULL)")
            try await fixture.run(
                """
                UPDATE leads SET lead_expires_at = now() - interval '1 second' WHERE id = '\(UUID.lead(4).text)';
                INSERT INTO leads (id, workspace_id, email, routing_status)
                VALUES ('\(UUID.lead(7).text)', '\(StoreFixture.a.text)', 'old@example.com', 'routed')
                """
            )
            for number in [2, 3, 4, 6, 7] {
                #expect(try await !fixture.stores.queue.requeue(.lead(number), actor: "ann"), "lead \(number)")
            }
            for number in [2, 3, 6, 7] {
                await #expect(throws: PostgresError.self, "lead \(number)") {
                    try await fixture.run(
                        """
                        DO $$ BEGIN
                            PERFORM set_config('switchyard.deciding', 'batch', true);
                            UPDATE leads SET routing_status = 'pending' WHERE id = '\(UUID.lead(number).text)';
                        END $$
                        """
                    )
                }
            }
            // Nor one that was changed by a statement without a log entry.
            for change in ["routing_status = 'pending'", "routing_status = 'failed'", "routing_status = 'expired'"] {
                await #expect(throws: PostgresError.self, "\(change)") {
                    try await fixture.run("UPDATE leads SET \(change) WHERE id = '\(UUID.lead(5).text)'")
                }
            }
            #expect(try await fixture.count("lead_routing_logs", where: "routing_result = 'requeued'") == 0)
            #expect(try await fixture.count("leads", where: "routing_status <> 'routed'") == 0)
        }
    }

    /// Two operators requeue it at the same moment: the second waits for the first, and then has nothing to do.
    @Test func concurrentOperatorsRequeueOnce() async throws {
        try await StoreFixture.with { fixture in
            try await fixture.pool.removeGuardIfAsked(
                "FOR UPDATE;",
                from: "requeue_lead",
                with: ";",
                asked: "requeue-lock"
            )
            try await fixture.ingest(.sample(1, .kept))
            let second = try await fixture.pool.withTransaction { connection in
                let first = try await connection.simple(
                    "SELECT switchyard.requeue_lead('\(UUID.lead(1).text)', 'ann')"
                )
                #expect(try first.last?.first?.string(0) == "t")
                let second = Task { try await fixture.stores.queue.requeue(.lead(1), actor: "bob") }
                // Until it waits for the first one's lock on the lead.
                while try await fixture.count(
                    "pg_stat_activity",
                    where: "datname = current_database() AND wait_event_type = 'Lock'"
                ) == 0 { try Task.checkCancellation() }
                return second
            }
            #expect(try await !second.value)
            #expect(
                try await fixture.run("SELECT actor FROM lead_routing_logs WHERE routing_result = 'requeued'") == [
                    ["ann"]
                ]
            )
            #expect(try await fixture.count("lead_routing_queue") == 1)
        }
    }

    /// A search finds such leads, but not those that were requeued under these rules and are unmatched again, so that a
    /// client that repeats the call comes to an end.
    @Test(arguments: [Access.administrator, .workspace(StoreFixture.a)]) func unmatchedSearchTerminates(
        access: Access
    ) async throws {
        try await StoreFixture.with { fixture in
            for number in 1...7 { try await fixture.ingest(.sample(number, .kept)) }
            try await fixture.ingest(
                .sample(8, .to(StoreFixture.b)),
                .sample(9, from: StoreFixture.c, .to(StoreFixture.b))
            )
            try await fixture.ingest(.sample(10, email: "person8@example.com", .to(StoreFixture.b)))
            var filter = LeadFilter()
            filter.status = .routed
            var total = 0
            for _ in 0..<20 {
                filter.unmatchedRetriableUnder = try await fixture.stores.ruleSets.version()
                let page = try await fixture.stores.leads.page(filter, limit: 3, as: access)
                let requeued = try await fixture.stores.queue.requeue(page.leads.map(\.id), actor: "ann")
                #expect(requeued == page.leads.count)
                total += requeued
                // The same rules give the same result.
                try await fixture.settle(.kept)
                if page.next == nil { break }
            }
            #expect(total == 7)
            filter.unmatchedRetriableUnder = try await fixture.stores.ruleSets.version()
            #expect(try await fixture.stores.leads.page(filter, limit: 3, as: access).leads.isEmpty)
            #expect(try await fixture.count("lead_routing_logs", where: "routing_result = 'unmatched'") == 14)
            // A single lead can be requeued again by its id, and new rules make all of them available again.
            #expect(try await fixture.stores.queue.requeue(.lead(1), actor: "ann"))
            try await fixture.settle(.kept)
            try await fixture.run("UPDATE workspaces SET is_active = false WHERE id = '\(StoreFixture.c.text)'")
            filter.unmatchedRetriableUnder = try await fixture.stores.ruleSets.version()
            #expect(try await fixture.stores.leads.page(filter, limit: 10, as: access).leads.count == 7)
            filter.sourceWorkspaceID = StoreFixture.c
            #expect(try await fixture.stores.leads.page(filter, limit: 10, as: access).leads.isEmpty)
        }
    }
}
