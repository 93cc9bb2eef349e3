import FoundationEssentials
import LeadStore
import RoutingRules
import Testing

/// A lead that the database refuses to write is found and postponed, and does not delay others.
@Suite struct PoisonTests {
    private func trigger(_ fixture: StoreFixture, when condition: String) async throws {
        try await fixture.run(
            """
            CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE EXCEPTION 'poison' USING ERRCODE = 'P0001'; END $$;
            CREATE TRIGGER poison BEFORE UPDATE ON leads FOR EACH ROW
                WHEN (NEW.email IN ('person4@example.com', 'person7@example.com') AND \(condition))
                EXECUTE FUNCTION poison();
            """
        )
    }

    private func waiting(_ fixture: StoreFixture) async throws {
        for number in 1...9 { try await fixture.ingest(.sample(number, .queued)) }
    }

    @Test func otherLeadsOfTheBatchAreStored() async throws {
        try await StoreFixture.with { fixture in
            try await waiting(fixture)
            try await trigger(fixture, when: "NEW.routing_status = 'routed'")
            let settled = try await fixture.settle(.to(StoreFixture.b))
            #expect(settled.count == 9)
            #expect(Set(settled.filter(\.isPoison).map(\.lead.prepared.id)) == [.lead(4), .lead(7)])
            #expect(try await fixture.count("leads", where: "routing_status = 'routed'") == 7)
            // The others were written once each, however often their batch was halved.
            #expect(try await fixture.count("lead_routing_logs", where: "routing_result = 'success'") == 7)
            #expect(try await fixture.count("lead_attributions") == 7)
            let lead = try #require(try await fixture.stores.leads.find(.lead(4), as: .administrator))
            #expect(lead.status == .pending)
            #expect(lead.attempts == 1)
            #expect(lead.error?.text(for: .administrator).contains("P0001") == true)
            #expect(try await fixture.settle(.to(StoreFixture.b)).isEmpty)
        }
    }

    @Test func leadFailsAfterItsLastAttempt() async throws {
        try await StoreFixture.with { fixture in
            try await waiting(fixture)
            try await trigger(fixture, when: "NEW.routing_status = 'routed'")
            for _ in 1...3 {
                try await fixture.settle(.to(StoreFixture.b), maximumAttempts: 3)
                try await fixture.run("UPDATE lead_routing_queue SET next_retry_at = now()")
            }
            #expect(try await fixture.count("leads", where: "routing_status = 'failed' AND routing_attempts = 3") == 2)
            #expect(try await fixture.count("lead_routing_queue") == 0)
        }
    }

    @Test func unwritableLeadIsPostponed() async throws {
        try await StoreFixture.with { fixture in
            try await waiting(fixture)
            try await trigger(fixture, when: "true")
            let settled = try await fixture.settle(.to(StoreFixture.b))
            #expect(settled.filter(\.isPoison).count == 2)
            #expect(try await fixture.count("leads", where: "routing_status = 'routed'") == 7)
            #expect(try await fixture.count("lead_routing_queue", where: "next_retry_at > now()") == 2)
            #expect(try await fixture.settle(.to(StoreFixture.b)).isEmpty)
        }
    }
}
