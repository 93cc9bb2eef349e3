import FoundationEssentials
import LeadStore
import Postgres
import RoutingRules
import Testing

/// What a batch of decided leads writes to the database, and when it writes nothing.
@Suite struct IngestTests {
    @Test func leadIsWrittenOnceInItsFinalState() async throws {
        try await StoreFixture.with { fixture in
            let exceptions = try await fixture.ingest(
                .sample(1, phone: "555-010-0101", metadata: #"{"a":1}"#, .to(StoreFixture.b)),
                .sample(2, .kept),
                .sample(3, .init(result: .fallback, destination: StoreFixture.c, reason: "Fallback.")),
                .sample(4, .retry),
                .sample(5, .queued)
            )
            #expect(exceptions.isEmpty)
            let first = try #require(try await fixture.stores.leads.find(.lead(1), as: .administrator))
            #expect(first.status == .routed)
            #expect(first.workspaceID == StoreFixture.b)
            #expect(first.sourceWorkspaceID == StoreFixture.a)
            #expect(first.matchedRuleID == StoreFixture.rule)
            #expect(first.attempts == 1)
            #expect(first.routedAt != nil)
            #expect(first.lead.location == LeadLocation(country: "US", city: "Zo\"ë\n"))
            #expect(first.lead.metadata == #"{"a": 1}"#)
            let rows = try await fixture.run(
                """
                SELECT right(id::text, 1), routing_status, right(workspace_id::text, 1), routing_attempts,
                    (SELECT count(*) FROM lead_attributions a WHERE a.lead_id = l.id),
                    (SELECT string_agg(routing_result, ' ') FROM lead_routing_logs g WHERE g.lead_id = l.id),
                    (SELECT attempt_number FROM lead_routing_queue q WHERE q.lead_id = l.id)
                FROM leads l ORDER BY id
                """
            )
            #expect(
                rows == [
                    ["1", "routed", "b", "1", "1", "success", "-"], ["2", "routed", "a", "1", "0", "unmatched", "-"],
                    ["3", "routed", "c", "1", "1", "fallback", "-"], ["4", "pending", "a", "1", "0", "retry", "1"],
                    ["5", "pending", "a", "0", "0", "-", "0"],
                ]
            )
        }
    }

    @Test func staleVersionWritesNothing() async throws {
        try await StoreFixture.with { fixture in
            let version = try await fixture.stores.ruleSets.version()
            try await fixture.run("UPDATE workspaces SET routing_paused_at = now() WHERE id = '\(StoreFixture.c.text)'")
            let result = try await fixture.stores.intake.ingest(
                [.sample(1, .to(StoreFixture.b))],
                version: version,
                isRepeat: false
            )
            #expect(result == .stale)
            for table in ["leads", "lead_identity_claims", "lead_routing_logs", "lead_attributions"] {
                #expect(try await fixture.count(table) == 0)
            }
            // Undecided leads do not depend on a version.
            #expect(
                try await fixture.stores.intake.ingest([.sample(1, .queued)], version: nil, isRepeat: false)
                    == .written(exceptions: [])
            )
        }
    }

    @Test func repeatedBatchStoresOnlyMissingLeads() async throws {
        try await StoreFixture.with { fixture in
            try await fixture.ingest(.sample(1, .to(StoreFixture.b)), .sample(2, .retry))
            let exceptions = try await fixture.ingest(
                .sample(1, .to(StoreFixture.c)),
                .sample(2, .to(StoreFixture.c)),
                .sample(3, .to(StoreFixture.c)),
                isRepeat: true
            )
            #expect(exceptions == [.init(index: 0, outcome: .exists), .init(index: 1, outcome: .exists)])
            #expect(try await fixture.count("leads") == 3)
            #expect(try await fixture.count("lead_attributions") == 2)
            #expect(try await fixture.count("lead_routing_logs") == 3)
            #expect(try await fixture.count("lead_identity_claims") == 3)
            #expect(try await fixture.count("leads", where: "workspace_id = '\(StoreFixture.c.text)'") == 1)
            // Without being a repeat, the same id is an error and no second row.
            let error = await #expect(throws: PostgresError.self) {
                try await fixture.ingest(.sample(1, .to(StoreFixture.b)))
            }
            #expect(error?.sqlState == "23505")
        }
    }

    /// One invalid row fails its whole batch, and the error shows that a smaller batch may succeed.
    @Test func invalidRowRefusesTheBatch() async throws {
        try await StoreFixture.with { (fixture: StoreFixture) async throws in
            let bad: [(DecidedLead, String)] = [
                (.sample(2, metadata: "{", .kept), "22P02"), (.sample(2, .to(StoreFixture.missingWorkspace)), "23503"),
                (.sample(2, from: StoreFixture.missingWorkspace, .kept), "23503"),
                (.sample(2, email: "nul\0@example.com", .kept), "22021"),
            ]
            for (lead, state) in bad {
                let error = await #expect(throws: PostgresError.self) {
                    try await fixture.ingest(.sample(1, .to(StoreFixture.b)), lead, .sample(3, .kept))
                }
                #expect(error?.sqlState == state)
                #expect(error?.blamesRow == true)
                let text = error?.description ?? ""
                #expect(!text.contains("example.com"))
            }
            #expect(try await fixture.count("leads") == 0)
            #expect(try await fixture.count("lead_identity_claims") == 0)
        }
    }
}
