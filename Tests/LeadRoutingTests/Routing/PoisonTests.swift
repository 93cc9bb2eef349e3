import FoundationEssentials
import LeadRouting
import RoutingRules
import Testing

/// One lead that the database refuses does not delay others, neither in the intake nor in the queue.
@Suite struct PoisonTests {
    private func trigger(_ fixture: RoutingFixture, on event: String) async throws {
        try await fixture.run(
            """
            CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE EXCEPTION 'poison' USING ERRCODE = 'P0001'; END $$;
            CREATE TRIGGER poison BEFORE \(event) ON leads FOR EACH ROW
                WHEN (NEW.email IN ('person13@example.com', 'person77@example.com') AND NEW.routing_status = 'routed')
                EXECUTE FUNCTION poison();
            """
        )
    }

    @Test func poisonLeadFailsAloneOnIngest() async throws {
        try await RoutingFixture.with { fixture in
            try await trigger(fixture, on: "INSERT")
            let results = try await fixture.intake()
                .submit(batch: (0..<200).map { (lead: Samples.lead($0), source: Samples.partner) })
            let refused = results.indices.filter { place in
                if case .failure(let error) = results[place] { error.code == .rejected } else { false }
            }
            #expect(refused == [13, 77])
            #expect(
                try results.enumerated().filter { !refused.contains($0.offset) }
                    .allSatisfy { try $0.element.get().status == .routed }
            )
            #expect(try await fixture.number("SELECT count(*) FROM leads") == 198)
            #expect(try await fixture.number("SELECT count(*) FROM lead_identity_claims") == 198)
            #expect(try await fixture.brokenPromises() == 0)
        }
    }

    @Test func poisonLeadFailsAloneInQueue() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.insertWaiting(200)
            try await trigger(fixture, on: "UPDATE")
            let summary = try await fixture.router().drain(limit: 1000, batch: 50)
            #expect(summary.claimed == 200)
            #expect(summary.routed == 198)
            #expect(summary.poisonous == 2)
            #expect(
                try await fixture.number("SELECT count(*) FROM lead_routing_queue WHERE next_retry_at > now()") == 2
            )
            #expect(try await fixture.router().drain(limit: 1000).claimed == 0)
            #expect(try await fixture.brokenPromises() == 0)
        }
    }
}
