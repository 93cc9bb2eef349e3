import FoundationEssentials
import LeadStore
import RoutingRules
import Testing

/// What the database says of routing and of itself.
@Suite struct HealthTests {
    @Test func anEmptyDatabaseIsWell() async throws {
        try await Scene.with { scene in
            let health = try await scene.store.health()
            #expect(health.pendingCount == 0)
            #expect(health.successRate == nil)
            #expect(health.oldestPendingSeconds == nil)
            #expect(await scene.store.isReady())
        }
    }

    @Test func eachFigureCountsItsOwn() async throws {
        try await Scene.with { scene in
            try await scene.ingest(
                .sample(1, .to(Scene.b)),
                .sample(2, .to(Scene.b)),
                .sample(3, .kept),
                .sample(4, .retry),
                .sample(5, .queued),
                .sample(6, .queued),
                .sample(7, .queued),
                .sample(8, .queued)
            )
            try await scene.settle(.init(result: .failed, reason: "Not possible."), limit: 1, leadID: .lead(6))
            try await scene.run(
                """
                SELECT acquire_routing_lock('\(UUID.lead(7).text)', gen_random_uuid());
                UPDATE leads SET routing_locked_at = now() - interval '6 minutes' WHERE id = '\(UUID.lead(7).text)';
                UPDATE leads SET lead_expires_at = now() WHERE id = '\(UUID.lead(8).text)';
                UPDATE leads SET created_at = now() - interval '1 hour' WHERE id = '\(UUID.lead(5).text)';
                UPDATE lead_routing_queue SET next_retry_at = now() - interval '30 minutes'
                    WHERE lead_id = '\(UUID.lead(5).text)';
                """
            )
            #expect(try await scene.store.expireLeads() == 1)
            let health = try await scene.store.health()
            #expect(health.pendingCount == 2)
            #expect(health.routingCount == 1)
            #expect(health.failedCount == 1)
            #expect(health.retryQueueCount == 1)
            #expect(health.staleLockCount == 1)
            #expect(health.expiredCount == 1)
            // Three of five: two routed and one kept, one waits, one failed.
            #expect(health.successRate == 0.6)
            #expect((3600..<3660).contains(health.oldestPendingSeconds ?? 0))
            let facts = try await scene.store.routingFacts()
            #expect(facts.dueCount == 1)
            #expect((1800..<1860).contains(facts.oldestDueSeconds ?? 0))
            #expect(facts.staleLockCount == 1)
            #expect(facts.orphanCount == 0)
            #expect(facts.mayRoute)
            #expect(facts.mayBecomeAuthenticated)
        }
    }

    @Test func theServerTellsOfItself() async throws {
        try await Scene.with { scene in
            let before = try await scene.store.databaseTime()
            let facts = try await scene.store.serverFacts()
            #expect(facts.versionNumber >= 150_000)
            #expect(facts.version.hasPrefix("\(facts.versionNumber / 10_000)"))
            #expect(facts.user == (try await scene.value("SELECT current_user")))
            #expect(facts.mayCreate)
            #expect(!facts.isStandby)
            #expect(facts.clock > before)
            #expect((1...facts.maximumConnections).contains(facts.connectionsInUse))
        }
    }

    @Test func withoutOurSchemaItIsNotReady() async throws {
        try await Scene.with { scene in
            try await scene.run("DROP TABLE switchyard.rule_set_version")
            #expect(await !scene.store.isReady())
        }
    }
}
