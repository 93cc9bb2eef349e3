import FoundationEssentials
import LeadStore
import RoutingRules
import Testing

/// What the scheduled functions repair: stale locks, expired leads, lost leads, months without a partition.
@Suite struct MaintenanceTests {
    private func lock(_ fixture: StoreFixture, _ numbers: [Int], minutesAgo: Int, attempts: Int = 1) async throws {
        for number in numbers {
            try await fixture.ingest(.sample(number, .queued))
            try await fixture.run(
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
        try await StoreFixture.with { fixture in
            try await lock(fixture, [1, 2], minutesAgo: 6)
            try await lock(fixture, [3], minutesAgo: 6, attempts: 5)
            try await lock(fixture, [4], minutesAgo: 4)
            #expect(try await fixture.stores.health.routingFacts().staleLockCount == 3)
            #expect(try await fixture.stores.queue.releaseStaleLocks() == 3)
            #expect(try await fixture.stores.queue.releaseStaleLocks() == 0)
            let states = try await fixture.run("SELECT routing_status FROM leads ORDER BY id").flatMap { $0 }
            #expect(states == ["pending", "pending", "failed", "routing"])
            #expect(try await fixture.stores.leads.history(.lead(1), as: .administrator).map(\.result) == ["released"])
            #expect(try await Set(fixture.settle(.to(StoreFixture.b)).map(\.lead.prepared.id)) == [.lead(1), .lead(2)])
        }
    }

    @Test func onlyPendingAndFailedLeadsExpire() async throws {
        try await StoreFixture.with { fixture in
            try await fixture.ingest(.sample(1, .retry), .sample(2, .to(StoreFixture.b)), .sample(3, .retry))
            try await lock(fixture, [4], minutesAgo: 1)
            try await fixture.run(
                "UPDATE leads SET lead_expires_at = now() WHERE id <> '\(UUID.lead(3).text)'"
            )
            #expect(try await fixture.stores.queue.expireLeads() == 1)
            #expect(try await fixture.stores.queue.expireLeads() == 0)
            let states = try await fixture.run("SELECT routing_status FROM leads ORDER BY id").flatMap { $0 }
            #expect(states == ["expired", "routed", "pending", "routing"])
            #expect(
                try await fixture.stores.leads.history(.lead(1), as: .administrator).map(\.result) == [
                    "retry", "expired",
                ]
            )
            #expect(try await fixture.count("lead_routing_queue") == 1)
            // Its identity is free again.
            #expect(try await fixture.ingest(.sample(5, email: "person1@example.com", .kept)).isEmpty)
        }
    }

    @Test func unqueuedPendingLeadsAreQueuedAgain() async throws {
        try await StoreFixture.with { fixture in
            for number in 1...5 { try await fixture.ingest(.sample(number, .queued)) }
            try await fixture.run(
                "DELETE FROM lead_routing_queue; INSERT INTO lead_routing_queue (lead_id) "
                    + "VALUES ('\(UUID.lead(77).text)')"
            )
            #expect(try await fixture.stores.health.routingFacts().orphanCount == 5)
            #expect(try await fixture.stores.queue.enqueueOrphans(limit: 2) == 2)
            #expect(try await fixture.stores.queue.enqueueOrphans(limit: 100) == 3)
            #expect(try await fixture.stores.queue.enqueueOrphans(limit: 100) == 0)
            #expect(try await fixture.count("lead_routing_queue", where: "lead_id = '\(UUID.lead(77).text)'") == 0)
            #expect(try await fixture.settle(.to(StoreFixture.b)).count == 5)
        }
    }

    @Test func logPartitionsAreCreatedAhead() async throws {
        try await StoreFixture.with { fixture in
            // The migration made this month and three more.
            for (months, new) in [(3, "0"), (5, "2"), (5, "0")] {
                #expect(try await fixture.value("SELECT switchyard.ensure_log_partitions(\(months))") == new)
            }
            try await fixture.ingest(.sample(1, .to(StoreFixture.b)))
            #expect(try await fixture.count("switchyard.lead_routing_logs_default") == 0)
            // New partitions have the same privileges as old ones.
            let open = try await fixture.value(
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
