import FoundationEssentials
import LeadStore
import Postgres
import RoutingRules
import TestDatabase
import Testing

/// A lead that no rule matched and that its source keeps is put back into the queue: that one, once, and no other.
@Suite(.timeLimit(.minutes(5))) struct UnmatchedRetryTests {
    @Test func keptLeadIsRequeuedAndRoutedOnce() async throws {
        try await Scene.with { scene in
            try await scene.ingest(.sample(1, .kept))
            let claims = try await scene.run("SELECT identity, lead_id FROM lead_identity_claims ORDER BY 1")
            #expect(claims.count == 1)
            #expect(try await scene.stores.queue.requeue(.lead(1), actor: "ann"))
            #expect(try await !scene.stores.queue.requeue(.lead(1), actor: "ann"))
            let waiting = try #require(try await scene.stores.leads.lead(.lead(1), as: .administrator))
            #expect(waiting.status == .pending && waiting.attempts == 0 && waiting.routedAt == nil)
            #expect(waiting.workspaceID == Scene.a)
            #expect(
                try await scene.count("lead_routing_queue", where: "attempt_number = 0 AND next_retry_at <= now()") == 1
            )
            // It is still known: a twin that comes meanwhile is a duplicate of it.
            #expect(try await scene.run("SELECT identity, lead_id FROM lead_identity_claims ORDER BY 1") == claims)
            let twin = try await scene.ingest(.sample(2, from: Scene.c, email: "person1@example.com", .to(Scene.b)))
            #expect(twin.count == 1)
            #expect(try await scene.settle(.to(Scene.b)).map(\.exception) == [nil])
            let history = try await scene.stores.leads.history(.lead(1), as: .administrator)
            #expect(history.map(\.result) == ["unmatched", "requeued", "success"])
            #expect(history[1].actor == "ann" && history[1].reason?.hasPrefix("No rule had matched it") == true)
            #expect(history.map(\.attempt) == [1, 0, 1])
            #expect(try await scene.count("lead_attributions") == 1)
            #expect(try await scene.run("SELECT identity, lead_id FROM lead_identity_claims ORDER BY 1") == claims)
            #expect(try await scene.count("lead_routing_queue") == 0)
            // It was given to somebody now.
            #expect(try await !scene.stores.queue.requeue(.lead(1), actor: "ann"))
        }
    }

    /// The database refuses every other lead, whoever asks: one that is somebody's, a duplicate, one that came back, one
    /// whose time is over, and one that was there before there were rules.
    @Test func otherRoutedLeadsAreNotRequeued() async throws {
        try await Scene.with { scene in
            try await scene.ingest(
                .sample(1, .kept),
                .sample(2, .to(Scene.b)),
                .sample(3, .to(Scene.b)),
                .sample(4, .kept),
                .sample(5, .kept)
            )
            try await scene.ingest(.sample(6, from: Scene.c, email: "person1@example.com", .to(Scene.b)))
            try await scene.run("SELECT switchyard.return_lead('\(UUID.lead(3).text)', NULL, 'ann', NULL)")
            try await scene.run(
                """
                UPDATE leads SET lead_expires_at = now() - interval '1 second' WHERE id = '\(UUID.lead(4).text)';
                INSERT INTO leads (id, workspace_id, email, routing_status)
                VALUES ('\(UUID.lead(7).text)', '\(Scene.a.text)', 'old@example.com', 'routed')
                """
            )
            for number in [2, 3, 4, 6, 7] {
                #expect(try await !scene.stores.queue.requeue(.lead(number), actor: "ann"), "lead \(number)")
            }
            for number in [2, 3, 6, 7] {
                await #expect(throws: PostgresError.self, "lead \(number)") {
                    try await scene.run(
                        """
                        DO $$ BEGIN
                            PERFORM set_config('switchyard.deciding', 'batch', true);
                            UPDATE leads SET routing_status = 'pending' WHERE id = '\(UUID.lead(number).text)';
                        END $$
                        """
                    )
                }
            }
            // Nor that one by a statement that leaves no word in the log, or puts it somewhere else.
            for change in ["routing_status = 'pending'", "routing_status = 'failed'", "routing_status = 'expired'"] {
                await #expect(throws: PostgresError.self, "\(change)") {
                    try await scene.run("UPDATE leads SET \(change) WHERE id = '\(UUID.lead(5).text)'")
                }
            }
            #expect(try await scene.count("lead_routing_logs", where: "routing_result = 'requeued'") == 0)
            #expect(try await scene.count("leads", where: "routing_status <> 'routed'") == 0)
        }
    }

    /// Two operators ask at the same moment: the second waits for the first, and is told that there is nothing to do.
    @Test func concurrentOperatorsRequeueOnce() async throws {
        try await Scene.with { scene in
            try await scene.pool.removeGuard("FOR UPDATE;", from: "requeue_lead", with: ";", asked: "requeue-lock")
            try await scene.ingest(.sample(1, .kept))
            let second = try await scene.pool.withTransaction { connection in
                let first = try await connection.simple(
                    "SELECT switchyard.requeue_lead('\(UUID.lead(1).text)', 'ann')"
                )
                #expect(try first.last?.first?.string(0) == "t")
                let second = Task { try await scene.stores.queue.requeue(.lead(1), actor: "bob") }
                // Until it stands behind the first, on the lead.
                while try await scene.count(
                    "pg_stat_activity",
                    where: "datname = current_database() AND wait_event_type = 'Lock'"
                ) == 0 { try Task.checkCancellation() }
                return second
            }
            #expect(try await !second.value)
            #expect(
                try await scene.run("SELECT actor FROM lead_routing_logs WHERE routing_result = 'requeued'") == [
                    ["ann"]
                ]
            )
            #expect(try await scene.count("lead_routing_queue") == 1)
        }
    }

    /// A search for such leads finds those, and not for ever: what was put back under these rules and came to the same is
    /// left out, so that whoever goes on while there are more comes to an end.
    @Test(arguments: [Access.administrator, .workspace(Scene.a)]) func unmatchedSearchTerminates(
        access: Access
    ) async throws {
        try await Scene.with { scene in
            for number in 1...7 { try await scene.ingest(.sample(number, .kept)) }
            try await scene.ingest(.sample(8, .to(Scene.b)), .sample(9, from: Scene.c, .to(Scene.b)))
            try await scene.ingest(.sample(10, email: "person8@example.com", .to(Scene.b)))
            var filter = LeadFilter()
            filter.status = .routed
            var total = 0
            for _ in 0..<20 {
                filter.unmatchedRetriableUnder = try await scene.stores.ruleSets.ruleSetVersion()
                let page = try await scene.stores.leads.leads(filter, limit: 3, as: access)
                let requeued = try await scene.stores.queue.requeue(page.leads.map(\.id), actor: "ann")
                #expect(requeued == page.leads.count)
                total += requeued
                // The same rules, and the same end.
                try await scene.settle(.kept)
                if page.next == nil { break }
            }
            #expect(total == 7)
            filter.unmatchedRetriableUnder = try await scene.stores.ruleSets.ruleSetVersion()
            #expect(try await scene.stores.leads.leads(filter, limit: 3, as: access).leads.isEmpty)
            #expect(try await scene.count("lead_routing_logs", where: "routing_result = 'unmatched'") == 14)
            // By its id it can be had once more, and new rules bring all of them back.
            #expect(try await scene.stores.queue.requeue(.lead(1), actor: "ann"))
            try await scene.settle(.kept)
            try await scene.run("UPDATE workspaces SET is_active = false WHERE id = '\(Scene.c.text)'")
            filter.unmatchedRetriableUnder = try await scene.stores.ruleSets.ruleSetVersion()
            #expect(try await scene.stores.leads.leads(filter, limit: 10, as: access).leads.count == 7)
            filter.sourceWorkspaceID = Scene.c
            #expect(try await scene.stores.leads.leads(filter, limit: 10, as: access).leads.isEmpty)
        }
    }
}
