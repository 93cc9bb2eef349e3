import FoundationEssentials
import LeadStore
import RoutingRules
import Testing

/// What the scheduled functions mend: stale locks, expired leads, lost leads, months without a partition.
@Suite struct MaintenanceTests {
    private func lock(_ scene: Scene, _ numbers: [Int], minutesAgo: Int, attempts: Int = 1) async throws {
        for number in numbers {
            try await scene.ingest(.sample(number, .queued))
            try await scene.run(
                """
                SELECT acquire_routing_lock('\(UUID.lead(number).text)', gen_random_uuid());
                UPDATE leads SET routing_attempts = \(attempts),
                    routing_locked_at = now() - interval '\(minutesAgo) minutes'
                WHERE id = '\(UUID.lead(number).text)'
                """
            )
        }
    }

    @Test func releasedStaleLocksAreDueAtOnce() async throws {
        try await Scene.with { scene in
            try await lock(scene, [1, 2], minutesAgo: 6)
            try await lock(scene, [3], minutesAgo: 6, attempts: 5)
            try await lock(scene, [4], minutesAgo: 4)
            #expect(try await scene.stores.health.routingFacts().staleLockCount == 3)
            #expect(try await scene.stores.queue.releaseStaleLocks() == 3)
            #expect(try await scene.stores.queue.releaseStaleLocks() == 0)
            let states = try await scene.run("SELECT routing_status FROM leads ORDER BY id").flatMap { $0 }
            #expect(states == ["pending", "pending", "failed", "routing"])
            #expect(try await scene.stores.leads.history(.lead(1), as: .administrator).map(\.result) == ["released"])
            #expect(try await Set(scene.settle(.to(Scene.b)).map(\.lead.prepared.id)) == [.lead(1), .lead(2)])
        }
    }

    @Test func onlyPendingAndFailedLeadsExpire() async throws {
        try await Scene.with { scene in
            try await scene.ingest(.sample(1, .retry), .sample(2, .to(Scene.b)), .sample(3, .retry))
            try await lock(scene, [4], minutesAgo: 1)
            try await scene.run(
                "UPDATE leads SET lead_expires_at = now() WHERE id <> '\(UUID.lead(3).text)'"
            )
            #expect(try await scene.stores.queue.expireLeads() == 1)
            #expect(try await scene.stores.queue.expireLeads() == 0)
            let states = try await scene.run("SELECT routing_status FROM leads ORDER BY id").flatMap { $0 }
            #expect(states == ["expired", "routed", "pending", "routing"])
            #expect(
                try await scene.stores.leads.history(.lead(1), as: .administrator).map(\.result) == [
                    "retry", "expired",
                ]
            )
            #expect(try await scene.count("lead_routing_queue") == 1)
            // Its identity is free again.
            #expect(try await scene.ingest(.sample(5, email: "person1@example.com", .kept)).isEmpty)
        }
    }

    @Test func unqueuedPendingLeadsAreQueuedAgain() async throws {
        try await Scene.with { scene in
            for number in 1...5 { try await scene.ingest(.sample(number, .queued)) }
            try await scene.run(
                "DELETE FROM lead_routing_queue; INSERT INTO lead_routing_queue (lead_id) "
                    + "VALUES ('\(UUID.lead(77).text)')"
            )
            #expect(try await scene.stores.health.routingFacts().orphanCount == 5)
            #expect(try await scene.stores.queue.enqueueOrphans(limit: 2) == 2)
            #expect(try await scene.stores.queue.enqueueOrphans(limit: 100) == 3)
            #expect(try await scene.stores.queue.enqueueOrphans(limit: 100) == 0)
            #expect(try await scene.count("lead_routing_queue", where: "lead_id = '\(UUID.lead(77).text)'") == 0)
            #expect(try await scene.settle(.to(Scene.b)).count == 5)
        }
    }

    @Test func logPartitionsAreCreatedAhead() async throws {
        try await Scene.with { scene in
            let stores = scene.stores
            // The migration made this month and three more.
            #expect(try await stores.maintenance.ensureLogPartitions(monthsAhead: 3) == 0)
            #expect(try await stores.maintenance.ensureLogPartitions(monthsAhead: 5) == 2)
            #expect(try await stores.maintenance.ensureLogPartitions(monthsAhead: 5) == 0)
            try await scene.ingest(.sample(1, .to(Scene.b)))
            #expect(try await scene.count("switchyard.lead_routing_logs_default") == 0)
            // New ones are as closed as the old ones.
            let open = try await scene.value(
                """
                SELECT count(*) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                WHERE i.inhparent = 'lead_routing_logs'::regclass
                    AND (NOT c.relrowsecurity OR has_table_privilege('authenticated', c.oid, 'SELECT'))
                """
            )
            #expect(open == "0")
        }
    }
}
