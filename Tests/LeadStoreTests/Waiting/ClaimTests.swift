import FoundationEssentials
import LeadStore
import Postgres
import RoutingRules
import Synchronization
import Testing

/// Which waiting leads a claim takes, and in which order.
@Suite struct ClaimTests {
    /// Six waiting leads; number n has been due for n seconds, so the highest is due first.
    private func waiting(_ fixture: StoreFixture) async throws {
        for number in 1...6 { try await fixture.ingest(.sample(number, .queued)) }
        try await fixture.run(
            """
            UPDATE lead_routing_queue
            SET next_retry_at = now() - right(lead_id::text, 1)::int * interval '1 second'
            """
        )
    }

    private func ids(_ settled: [SettledLead]) -> [UUID] { settled.map(\.lead.prepared.id) }

    @Test func claimTakesEarliestDueUpToLimit() async throws {
        try await StoreFixture.with { fixture in
            try await waiting(fixture)
            try await fixture.run(
                "UPDATE lead_routing_queue SET next_retry_at = now() + interval '1 hour' "
                    + "WHERE lead_id = '\(UUID.lead(5).text)'"
            )
            let first = try await fixture.settle(.to(StoreFixture.b), limit: 3)
            #expect(ids(first) == [6, 4, 3].map(UUID.lead))
            #expect(first.allSatisfy { $0.exception == nil && !$0.isPoison })
            #expect(first.first?.lead.prepared.lead.industry == "software")
            #expect(ids(try await fixture.settle(.to(StoreFixture.b))) == [2, 1].map(UUID.lead))
            // A lead that is requested by id is claimed, due or not.
            #expect(ids(try await fixture.settle(.to(StoreFixture.b), limit: 1, leadID: .lead(5))) == [.lead(5)])
            #expect(try await fixture.count("lead_routing_queue") == 0)
            #expect(try await fixture.count("lead_attributions") == 6)
        }
    }

    /// Rules may read any field, so a lead that waited is decided by all values that it was stored with.
    @Test func claimReturnsEveryField() async throws {
        try await StoreFixture.with { fixture in
            let lead = Lead(
                email: "ada@example.com",
                phone: "+44 20 7946 0000",
                firstName: "Ada",
                lastName: "Lovelace",
                companyName: "Engines",
                industry: "software",
                companySize: "11-50",
                revenue: "$1M-$10M",
                location: LeadLocation(
                    country: "GB",
                    state: "England",
                    city: "London",
                    latitude: 51.5,
                    longitude: -0.12
                ),
                source: "web",
                sourceID: "7",
                metadata: #"{"score": 70}"#
            )
            try await fixture.ingest(
                DecidedLead(PreparedLead(id: .lead(1), source: StoreFixture.a, lead: lead), .queued)
            )
            try await fixture.ingest(.sample(2, .queued))
            let due = try await fixture.settle(.to(StoreFixture.b), kinds: [.new])
            #expect(due.first { $0.lead.prepared.id == .lead(1) }?.lead.prepared.lead == lead)
            #expect(due.first { $0.lead.prepared.id == .lead(2) }?.lead.prepared.lead.firstName == nil)
            #expect(try await fixture.stores.leads.find(.lead(1), as: .administrator)?.lead == lead)
            var other = lead
            other.email = "grace@example.com"
            other.phone = nil
            try await fixture.ingest(
                DecidedLead(PreparedLead(id: .lead(3), source: StoreFixture.a, lead: other), .queued)
            )
            let named = try await fixture.settle(.to(StoreFixture.b), leadID: .lead(3))
            #expect(named.first?.lead.prepared.lead == other)
        }
    }

    @Test func lockedLeadsAreSkipped() async throws {
        try await StoreFixture.with { fixture in
            try await waiting(fixture)
            try await fixture.pool.withTransaction { other in
                let held = "SELECT 1 FROM leads WHERE id IN ('\(UUID.lead(6).text)', '\(UUID.lead(2).text)') FOR UPDATE"
                _ = try await other.query(Statement("", held))
                #expect(ids(try await fixture.settle(.to(StoreFixture.b))) == [5, 4, 3, 1].map(UUID.lead))
                #expect(try await fixture.settle(.to(StoreFixture.b), leadID: .lead(6)).isEmpty)
            }
            #expect(ids(try await fixture.settle(.to(StoreFixture.b))) == [6, 2].map(UUID.lead))
        }
    }

    @Test func newLeadsAndRetriesAreSeparate() async throws {
        try await StoreFixture.with { fixture in
            try await waiting(fixture)
            try await fixture.run(
                "UPDATE lead_routing_queue SET attempt_number = 1 WHERE lead_id <> '\(UUID.lead(2).text)'"
            )
            #expect(ids(try await fixture.settle(.to(StoreFixture.b), kinds: [.new])) == [.lead(2)])
            #expect(
                ids(try await fixture.settle(.to(StoreFixture.b), kinds: [.tried])) == [6, 5, 4, 3, 1].map(UUID.lead)
            )
        }
    }

    @Test func staleRulesKeepTheLeadsWaiting() async throws {
        try await StoreFixture.with { fixture in
            try await waiting(fixture)
            let old = try await fixture.stores.ruleSets.version() - 1
            let result = try await fixture.stores.queue.claimAndSettle(.due(.new, limit: 10)) { leads in
                (old, leads.map { _ in .to(StoreFixture.b) })
            }
            guard case .stale = result else { return #expect(Bool(false), "It was written under old rules.") }
            #expect(try await fixture.count("leads", where: "routing_status = 'pending' AND routing_attempts = 0") == 6)
            #expect(try await fixture.settle(.to(StoreFixture.b)).count == 6)
        }
    }

    @Test func nothingIsDecidedWhenNothingIsDue() async throws {
        try await StoreFixture.with { fixture in
            let calls = Mutex(0)
            _ = try await fixture.stores.queue.claimAndSettle(.due(.new, limit: 10)) { _ in
                calls.withLock { $0 += 1 }
                return (0, [])
            }
            #expect(calls.withLock { $0 } == 0)
        }
    }

    @Test func routedOrExpiredLeadIsNotClaimed() async throws {
        try await StoreFixture.with { fixture in
            try await waiting(fixture)
            try await fixture.run("UPDATE leads SET lead_expires_at = now() WHERE id = '\(UUID.lead(1).text)'")
            #expect(ids(try await fixture.settle(.kept)) == [6, 5, 4, 3, 2].map(UUID.lead))
            #expect(try await fixture.settle(.kept, leadID: .lead(6)).isEmpty)
        }
    }
}
