import FoundationEssentials
import LeadStore
import RoutingRules
import Testing

/// The health of routing and of the database.
@Suite struct HealthTests {
    @Test func emptyDatabaseIsHealthy() async throws {
        try await StoreFixture.with { fixture in
            let health = try await fixture.stores.health.counts()
            #expect(health.pendingCount == 0)
            #expect(health.successRate == nil)
            #expect(health.oldestPendingSeconds == nil)
            #expect(try await fixture.stores.schema.isMigrated())
        }
    }

    @Test func healthFiguresCountTheirLeads() async throws {
        try await StoreFixture.with { fixture in
            try await fixture.ingest(
                .sample(1, .to(StoreFixture.b)),
                .sample(2, .to(StoreFixture.b)),
                .sample(3, .kept),
                .sample(4, .retry),
                .sample(5, .queued),
                .sample(6, .queued),
                .sample(7, .queued),
                .sample(8, .queued)
            )
            try await fixture.settle(.init(result: .failed, reason: "Not possible."), limit: 1, leadID: .lead(6))
            try await fixture.run(
                """
                SELECT acquire_routing_lock('\(UUID.lead(7).text)', gen_random_uuid());
                UPDATE leads SET routing_locked_at = now() - interval '6 minutes' WHERE id = '\(UUID.lead(7).text)';
                UPDATE leads SET lead_expires_at = now() WHERE id = '\(UUID.lead(8).text)';
                UPDATE leads SET created_at = now() - interval '1 hour' WHERE id = '\(UUID.lead(5).text)';
                UPDATE lead_routing_queue SET next_retry_at = now() - interval '30 minutes'
                    WHERE lead_id = '\(UUID.lead(5).text)';
                """
            )
            #expect(try await fixture.stores.queue.expireLeads() == 1)
            let health = try await fixture.stores.health.counts()
            #expect(health.pendingCount == 2)
            #expect(health.routingCount == 1)
            #expect(health.failedCount == 1)
            #expect(health.retryQueueCount == 1)
            #expect(health.staleLockCount == 1)
            #expect(health.expiredCount == 1)
            // Three of five attempts: two routed and one kept; one waits, one failed.
            #expect(health.successRate == 0.6)
            #expect((3600..<3660).contains(health.oldestPendingSeconds ?? 0))
            let facts = try await fixture.stores.health.routingFacts()
            #expect(facts.dueCount == 1)
            #expect((1800..<1860).contains(facts.oldestDueSeconds ?? 0))
            #expect(facts.staleLockCount == 1)
            #expect(facts.orphanCount == 0)
            #expect(facts.mayRoute)
            #expect(facts.readingProblem == nil)
        }
    }

    /// Above the limit of counting, values are PostgreSQL's estimates; here the limit is three.
    @Test func largeCountsAreEstimates() async throws {
        try await StoreFixture.with { fixture in
            try await fixture.run(
                """
                DO $do$ BEGIN EXECUTE (SELECT replace(pg_get_functiondef(p.oid), '5000', '3') FROM pg_proc p
                    WHERE p.pronamespace = 'switchyard'::regnamespace AND p.proname = 'routing_health'); END $do$;
                """
            )
            for number in 0..<5 { try await fixture.ingest(.sample(number, .queued)) }
            try await fixture.settle(.init(result: .failed, reason: "Not possible."))
            #expect(try await fixture.stores.health.counts().failedCount == 3)
            try await fixture.run(
                """
                INSERT INTO leads (workspace_id, email)
                SELECT '\(StoreFixture.a.text)', 'more' || n || '@example.com' FROM generate_series(1, 7) n;
                SELECT pg_stat_force_next_flush()
                """
            )
            try await fixture.run("VACUUM (ANALYZE) leads")
            try await fixture.run("VACUUM (ANALYZE) lead_routing_queue")
            let health = try await fixture.stores.health.counts()
            #expect(health.pendingCount == 7)
            #expect(health.failedCount == 5)
        }
    }

    @Test func serverFactsAreReported() async throws {
        try await StoreFixture.with { fixture in
            let before = try await fixture.stores.schedule.databaseTime()
            let facts = try await fixture.stores.health.serverFacts()
            #expect(facts.versionNumber >= 150_000)
            #expect(facts.version.hasPrefix("\(facts.versionNumber / 10_000)"))
            #expect(facts.user == (try await fixture.value("SELECT current_user")))
            #expect(facts.mayCreate)
            #expect(!facts.isStandby)
            #expect(facts.clock > before)
            #expect((1...facts.maximumConnections).contains(facts.connectionsInUse))
        }
    }

    @Test func missingFunctionIsNotMigrated() async throws {
        try await StoreFixture.with { fixture in
            try await fixture.run("DROP FUNCTION switchyard.ingest_decided CASCADE")
            #expect(try await !fixture.stores.schema.isMigrated())
        }
    }
}
