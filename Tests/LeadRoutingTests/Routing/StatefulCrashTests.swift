import FoundationEssentials
import LeadStore
import Postgres
import RoutingRules
import TestDatabase
import Testing

@testable import LeadRouting

/// A process dies during a batch with caps and turns: counters and turns are as before the batch.
@Suite struct StatefulCrashTests {
    private static let state = """
        SELECT scope, owner_id, member_id, period, amount FROM switchyard.routing_state WHERE scope <> 5 ORDER BY 1, 2, 3, 4
        """

    /// A pool with turns and caps, and people who take turns in one of its members.
    private func furnish(_ fixture: RoutingFixture) async throws {
        try await fixture.distribute(
            Distribution(
                pool: Pool(
                    .weighted,
                    members: [
                        .init(workspaceID: Samples.west, weight: 2, caps: [Cap(per: .day, limit: 50)]),
                        .init(workspaceID: Samples.east),
                    ]
                ),
                caps: [Cap(per: .month, limit: 60)],
                whenFull: .wait
            )
        )
        for id: UInt8 in 71...72 {
            var person = AssigneeChange()
            person.name = "P\(id)"
            _ = try await fixture.stores.assignees.create(
                id: .sample(id),
                of: Samples.west,
                person,
                as: .administrator
            )
        }
    }

    /// The batch has written its leads and taken its turns, and its backend is killed before the commit.
    ///
    /// Nothing of it is stored; the same leads sent again get the same destinations.
    @Test(arguments: ["ingest_decided", "take_routing_state"]) func crashBeforeCommitTakesNoCapacity(
        in function: String
    ) async throws {
        try await RoutingFixture.with { fixture in
            try await furnish(fixture)
            let intake = fixture.intake(leadsInBatch: 8)
            for number in 0..<7 { _ = try await intake.submit(Samples.lead(number), from: Samples.partner) }
            let before = try await fixture.run(Self.state)
            // Does its work, and is killed.
            try await fixture.run(
                """
                DO $do$ BEGIN EXECUTE (SELECT replace(pg_get_functiondef(p.oid), E'END\\n$function$',
                    E'PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(10);\\nEND\\n$function$')
                    FROM pg_proc p WHERE p.pronamespace = 'switchyard'::regnamespace AND p.proname = '\(function)'); END $do$
                """
            )
            let dying = fixture.intake(leadsInBatch: 8, retryTime: .zero)
            let leads = (100..<108).map { (lead: Samples.lead($0), source: Samples.partner) }
            let results = try? await dying.submit(batch: leads)
            #expect(results?.contains { (try? $0.get()) != nil } != true)
            #expect(try await fixture.run(Self.state) == before)
            #expect(try await fixture.number("SELECT count(*) FROM leads") == 7)
            #expect(try await fixture.number("SELECT count(*) FROM lead_routing_logs") == 7)
            try await fixture.run(
                """
                DO $do$ BEGIN EXECUTE (SELECT replace(pg_get_functiondef(p.oid),
                    E'PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(10);\\n', '')
                    FROM pg_proc p WHERE p.pronamespace = 'switchyard'::regnamespace AND p.proname = '\(function)'); END $do$
                """
            )
            _ = try await fixture.intake(leadsInBatch: 8).submit(batch: leads)
            // Fifteen in all, two of three to the west, despite the kills.
            #expect(
                try await fixture.run("SELECT workspace_id, count(*) FROM leads GROUP BY 1 ORDER BY 1")
                    == [[Samples.west.text, "10"], [Samples.east.text, "5"]]
            )
            #expect(
                try await fixture.run("SELECT amount FROM switchyard.routing_state WHERE scope = 1") == [["15"]]
            )
            // Turns sum to zero.
            #expect(
                try await fixture.number(
                    "SELECT sum(amount)::int FROM switchyard.routing_state WHERE period = 0 AND scope IN (2, 3)"
                ) == 0
            )
            #expect(
                try await fixture.number("SELECT count(DISTINCT assignee_id) FROM leads WHERE assignee_id IS NOT NULL")
                    == 2
            )
        }
    }

    /// Backends are killed under a load of leads with caps and turns: the counters equal the stored leads.
    @Test func countersSurviveCrashes() async throws {
        try await RoutingFixture.with(connections: 12) { fixture in
            try await furnish(fixture)
            let axe = PostgresPool(
                configuration: .init(connectionString: fixture.database.connectionString, applicationName: "axe"),
                maximumConnections: 1,
                logger: Samples.quiet
            )
            let intakes = [fixture.intake(leadsInBatch: 6), fixture.intake(leadsInBatch: 6)]
            _ = try await intakes[0].submit(Samples.lead(1000), from: Samples.partner)
            _ = try await intakes[1].submit(Samples.lead(1001), from: Samples.partner)
            var deaths = 0
            for wave in 0..<6 {
                deaths += try await withThrowingTaskGroup(of: Int.self) { group in
                    for number in wave * 20..<wave * 20 + 20 {
                        group.addTask {
                            _ = try? await intakes[number % 2].submit(Samples.lead(number), from: Samples.partner)
                            return 0
                        }
                    }
                    group.addTask {
                        var count = 0
                        for _ in 0..<3 {
                            count +=
                                try await axe.query(
                                    Statement(
                                        "kill",
                                        """
                                        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                                        WHERE datname = current_database() AND application_name <> 'axe' AND state <> 'idle' LIMIT 1
                                        """
                                    )
                                )
                                .count
                        }
                        return count
                    }
                    return try await group.reduce(0, +)
                }
            }
            await axe.shutdown()
            #expect(deaths > 0, "No backend was killed, so nothing was tested.")
            let taken = try await fixture.number("SELECT count(*) FROM leads WHERE routing_status = 'routed'")
            #expect(taken == 60)
            #expect(
                try await fixture.number("SELECT amount FROM switchyard.routing_state WHERE scope = 1 AND period = 4")
                    == taken
            )
            #expect(
                try await fixture.number("SELECT count(*) FROM leads WHERE workspace_id = '\(Samples.west.text)'")
                    == (try await fixture.number(
                        "SELECT amount FROM switchyard.routing_state WHERE scope = 2 AND period = 2"
                    ))
            )
            // Two of three, exactly: each turn belongs to a stored lead.
            #expect(
                try await fixture.number("SELECT count(*) FROM leads WHERE workspace_id = '\(Samples.west.text)'") == 40
            )
            #expect(
                try await fixture.number(
                    "SELECT count(*) FROM switchyard.routing_state WHERE period = 0 AND scope = 2 AND amount <> 0"
                ) == 0
            )
        }
    }
}
