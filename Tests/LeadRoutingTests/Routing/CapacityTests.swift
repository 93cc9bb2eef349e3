import FoundationEssentials
import JSON
import LeadStore
import Postgres
import RoutingRules
import TestDatabase
import Testing

@testable import LeadRouting

/// Caps, pools and turns, with a database and several nodes.
@Suite struct CapacityTests {
    /// The leads that each node submits at the same moment, in its own batches.
    private func rush(_ fixture: RoutingFixture, nodes: Int, leads: Int, batch: Int = 16) async throws {
        let intakes = (0..<nodes).map { _ in fixture.intake(leadsInBatch: batch) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<leads {
                group.addTask {
                    _ = try await intakes[number % nodes].submit(Samples.lead(number), from: Samples.partner)
                }
            }
            try await group.waitForAll()
        }
    }

    private func routed(_ fixture: RoutingFixture, to workspace: UUID) async throws -> Int {
        try await fixture.number(
            "SELECT count(*) FROM leads WHERE routing_status = 'routed' AND workspace_id = '\(workspace.text)'"
        )
    }

    @Test func concurrentBatchesNeverExceedCap() async throws {
        try await RoutingFixture.with(connections: 16) { fixture in
            try await fixture.pool.removeGuardIfAsked(
                "FOR UPDATE OF s",
                from: "hold_routing_state",
                asked: "capacity-lock"
            )
            try await fixture.distribute(Distribution(caps: [Cap(per: .total, limit: 100)]))
            try await rush(fixture, nodes: 4, leads: 600)
            #expect(try await routed(fixture, to: Samples.west) == 100)
            #expect(try await routed(fixture, to: Samples.partner) == 500)
            #expect(try await fixture.number("SELECT sum(amount) FROM switchyard.routing_state WHERE scope = 1") == 100)
            #expect(try await fixture.brokenPromises() == 0)
        }
    }

    /// Retries and leads of other programs under the same cap as new leads.
    @Test func ingestAndClaimShareCap() async throws {
        try await RoutingFixture.with(connections: 16) { fixture in
            try await fixture.bound(Samples.west, WorkspaceCapacity(caps: [Cap(per: .month, limit: 150)]))
            try await fixture.insertWaiting(200)
            let routers = [fixture.router(), fixture.router()]
            let intakes = [fixture.intake(leadsInBatch: 16), fixture.intake(leadsInBatch: 16)]
            try await withThrowingTaskGroup(of: Void.self) { group in
                for router in routers { group.addTask { _ = try await router.drain(limit: 1000, batch: 15) } }
                for number in 0..<200 {
                    group.addTask {
                        _ = try await intakes[number % 2].submit(Samples.lead(1000 + number), from: Samples.rival)
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await routed(fixture, to: Samples.west) == 150)
            #expect(try await fixture.number("SELECT count(*) FROM leads WHERE routing_status = 'routed'") == 400)
            #expect(try await fixture.brokenPromises() == 0)
        }
    }

    /// Duplicates, repeated requests and stale rules use no capacity and no turn.
    @Test func unroutedLeadsTakeNoCapacity() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.distribute(
                Distribution(
                    pool: Pool(
                        .roundRobin,
                        members: [.init(workspaceID: Samples.west), .init(workspaceID: Samples.east)]
                    ),
                    caps: [Cap(per: .total, limit: 10)]
                )
            )
            let intake = fixture.intake()
            let claim = IdempotencyClaim(key: "k", place: 0, request: IdempotencyClaim.digest(of: [1]))
            let first = try await intake.submit(Samples.lead(1), from: Samples.partner, idempotency: claim)
            let again = try await intake.submit(Samples.lead(1), from: Samples.partner, idempotency: claim)
            #expect(again.leadID == first.leadID)
            #expect(again.isReplay)
            let twins = try await intake.submit(
                batch: (0..<4).map { _ in (lead: Samples.lead(1), source: Samples.rival) }
            )
            #expect(try twins.map { try $0.get().isDuplicate } == [true, true, true, true])
            // The intake's rules are stale.
            try await fixture.distribute(
                Distribution(
                    pool: Pool(
                        .roundRobin,
                        members: [.init(workspaceID: Samples.west), .init(workspaceID: Samples.east)]
                    ),
                    caps: [Cap(per: .total, limit: 2)]
                )
            )
            let second = try await intake.submit(Samples.lead(2), from: Samples.partner)
            #expect(second.destinationWorkspaceID == Samples.east)
            #expect(try await intake.submit(Samples.lead(3), from: Samples.partner).matchedRuleID == nil)
            #expect(try await fixture.number("SELECT amount FROM switchyard.routing_state WHERE scope = 1") == 2)
            #expect(
                try await fixture.number("SELECT sum(abs(amount)) FROM switchyard.routing_state WHERE period = 0") == 0
            )
        }
    }

    @Test func turnsAreFairAcrossNodes() async throws {
        try await RoutingFixture.with(connections: 16) { fixture in
            try await fixture.distribute(
                Distribution(
                    pool: Pool(
                        .weighted,
                        members: [
                            .init(workspaceID: Samples.west, weight: 3), .init(workspaceID: Samples.east, weight: 2),
                            .init(workspaceID: Samples.rival, weight: 1),
                        ]
                    )
                )
            )
            try await rush(fixture, nodes: 4, leads: 300)
            #expect(try await routed(fixture, to: Samples.west) == 150)
            #expect(try await routed(fixture, to: Samples.east) == 100)
            #expect(try await routed(fixture, to: Samples.rival) == 50)
        }
    }

    /// A backend that dies between its writes and its commit does not change the counters.
    @Test func crashTakesNoCapacity() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.distribute(Distribution(caps: [Cap(per: .total, limit: 5)]))
            let stores = fixture.stores
            let rules = CompiledRuleSet(try await stores.ruleSets.load())
            let prepared = (0..<3).map { PreparedLead(id: UUID(), source: Samples.partner, lead: Samples.lead($0)) }
            let request = rules.stateRequest(for: prepared.map { ($0.lead, $0.source) })
            #expect(!request.isEmpty)
            await #expect(throws: (any Error).self) {
                _ = try await stores.intake.ingest(holding: request, version: rules.version, isRepeat: false) { state in
                    // The database refuses the last of them after the others were counted.
                    prepared.enumerated()
                        .map { place, item in
                            let decision = rules.decide(item.lead, from: item.source, in: &state)
                            let nowhere = Assignment(result: .success, destination: .sample(99), reason: "")
                            return DecidedLead(item, place == 2 ? nowhere : Assignment(decision))
                        }
                }
            }
            #expect(try await fixture.number("SELECT coalesce(sum(amount), 0) FROM switchyard.routing_state") == 0)
            _ = try await stores.intake.ingest(holding: request, version: rules.version, isRepeat: false) { state in
                prepared.map { DecidedLead($0, Assignment(rules.decide($0.lead, from: $0.source, in: &state))) }
            }
            #expect(try await fixture.number("SELECT sum(amount) FROM switchyard.routing_state") == 3)
            // The same batch again, as after a lost COMMIT: nothing is counted twice.
            let repeated = try await stores.intake.ingest(holding: request, version: rules.version, isRepeat: true) {
                state in
                prepared.map { DecidedLead($0, Assignment(rules.decide($0.lead, from: $0.source, in: &state))) }
            }
            guard case .written(let exceptions) = repeated.result else { throw UnexpectedlyStale() }
            #expect(exceptions.allSatisfy { $0.outcome == .exists })
            #expect(try await fixture.number("SELECT sum(amount) FROM switchyard.routing_state") == 3)
        }
    }

    struct UnexpectedlyStale: Error {}

    /// A lead that cannot be written fails alone in a batch with a cap, and the others are counted.
    @Test func poisonLeadFailsAlone() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.distribute(Distribution(caps: [Cap(per: .total, limit: 50)]))
            try await fixture.insertWaiting(20)
            try await fixture.run(
                """
                CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    IF NEW.email = 'person7@example.com' AND NEW.routing_status = 'routed' THEN RAISE EXCEPTION 'no'; END IF;
                    RETURN NEW;
                END $$;
                CREATE TRIGGER refuse BEFORE UPDATE ON leads FOR EACH ROW EXECUTE FUNCTION refuse()
                """
            )
            let summary = try await fixture.router().routeDue(.new, limit: 100)
            #expect(summary.poisonous == 1)
            #expect(summary.routed == 19)
            #expect(try await fixture.number("SELECT sum(amount) FROM switchyard.routing_state") == 19)
        }
    }

    @Test func loggedStateReproducesDecision() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.distribute(
                Distribution(
                    pool: Pool(
                        .weighted,
                        members: [.init(workspaceID: Samples.west, weight: 2), .init(workspaceID: Samples.east)]
                    ),
                    caps: [Cap(per: .day, limit: 4)]
                )
            )
            let intake = fixture.intake()
            for number in 0..<5 { _ = try await intake.submit(Samples.lead(number), from: Samples.partner) }
            let rules = CompiledRuleSet(try await fixture.stores.ruleSets.load())
            let rows = try await fixture.run(
                "SELECT destination_workspace_id, reason, metadata::text FROM lead_routing_logs ORDER BY created_at, id"
            )
            #expect(rows.count == 5)
            for (number, row) in rows.enumerated() {
                var state = try #require(RoutingState(metadata: row[2]))
                let decision = rules.decide(Samples.lead(number), from: Samples.partner, in: &state)
                #expect(Assignment(decision).destination?.text == row[0])
                #expect(decision.reason.stored == row[1])
            }
            #expect(rows[4][1].contains("which is full (4 of 4 today).}"))
        }
    }

    @Test func stickyCompanyKeepsDestination() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.distribute(
                Distribution(
                    pool: Pool(
                        .sticky,
                        stickyBy: .emailDomain,
                        otherwise: .roundRobin,
                        members: [.init(workspaceID: Samples.west), .init(workspaceID: Samples.east)]
                    )
                )
            )
            let nodes = [fixture.intake(), fixture.intake()]
            func send(_ number: Int, _ domain: String) async throws -> UUID? {
                try await nodes[number % 2]
                    .submit(Lead(email: "p\(number)@\(domain)", industry: "software"), from: Samples.partner)
                    .destinationWorkspaceID
            }
            #expect(try await send(0, "a.test") == Samples.west)
            #expect(try await send(1, "b.test") == Samples.east)
            #expect(try await send(2, "b.test") == Samples.east)
            #expect(try await send(3, "a.test") == Samples.west)
            #expect(try await send(4, "c.test") == Samples.west)
        }
    }

    /// Hours, days, weeks and months by the calendar of a time zone, across changes of the clock.
    @Test(arguments: [
        // The night on which New York sets its clock back: 01:30 occurs twice, in two hours.
        ("hour", "2026-11-01 05:30+00", "2026-11-01 05:00+00", "2026-11-01 06:00+00"),
        ("hour", "2026-11-01 06:30+00", "2026-11-01 06:00+00", "2026-11-01 07:00+00"),
        // That day has 25 hours, the one in March 23.
        ("day", "2026-11-01 12:00+00", "2026-11-01 04:00+00", "2026-11-02 05:00+00"),
        ("day", "2026-03-08 12:00+00", "2026-03-08 05:00+00", "2026-03-09 04:00+00"),
        ("day", "2026-11-02 04:59+00", "2026-11-01 04:00+00", "2026-11-02 05:00+00"),
        ("week", "2026-11-01 12:00+00", "2026-10-26 04:00+00", "2026-11-02 05:00+00"),
        ("month", "2026-11-01 03:59+00", "2026-10-01 04:00+00", "2026-11-01 04:00+00"),
        ("month", "2026-11-15 00:00+00", "2026-11-01 04:00+00", "2026-12-01 05:00+00"),
    ])
    func capPeriodFollowsCalendar(period: String, now: String, start: String, end: String) async throws {
        try await RoutingFixture.with { fixture in
            let number = ["hour", "day", "week", "month"].firstIndex(of: period).map { $0 + 1 } ?? 0
            let rows = try await fixture.run(
                """
                SELECT window_start = '\(start)', window_end = '\(end)'
                FROM switchyard.capacity_window(\(number)::smallint, 'America/New_York', '\(now)')
                """
            )
            #expect(rows == [["t", "t"]])
        }
    }

    @Test func expiredPeriodStartsAtZero() async throws {
        try await RoutingFixture.with { fixture in
            func held(_ time: String, _ taken: Int) async throws -> [[String]] {
                try await fixture.run(
                    """
                    SELECT amount FROM switchyard.hold_routing_state('{1}', '{\(Samples.westRule.text)}',
                        '{\(StateKey.none.text)}', '{2}', '{America/New_York}', '{}', '{}', '{}', '{}', true, '\(time)') WHERE kind = 1;
                    """
                )
            }
            #expect(try await held("2026-11-01 05:00+00", 0) == [["0"]])
            try await fixture.run("UPDATE switchyard.routing_state SET amount = 9")
            #expect(try await held("2026-11-02 04:59:59+00", 0) == [["9"]])
            #expect(try await held("2026-11-02 05:00+00", 0) == [["0"]])
            // Changing the time zone does not restart the current window.
            try await fixture.run("UPDATE switchyard.routing_state SET amount = 9")
            let elsewhere = try await fixture.run(
                """
                SELECT amount FROM switchyard.hold_routing_state('{1}', '{\(Samples.westRule.text)}',
                    '{\(StateKey.none.text)}', '{2}', '{Asia/Tokyo}', '{}', '{}', '{}', '{}', true, '2026-11-02 16:00+00') WHERE kind = 1
                """
            )
            #expect(elsewhere == [["9"]])
        }
    }

    @Test func closedWorkspaceTakesNoLeads() async throws {
        try await RoutingFixture.with { fixture in
            let closed = WorkspaceCapacity(
                try #require(JSONValue(json: #"{"timeZone":"Asia/Kolkata","hours":{}}"#))
            )
            try await fixture.bound(Samples.west, closed)
            let intake = fixture.intake()
            let kept = try await intake.submit(Samples.lead(1), from: Samples.partner)
            #expect(kept.matchedRuleID == nil)
            #expect(kept.reason.text(for: .administrator).contains("is closed"))
            try await fixture.bound(Samples.west, nil)
            #expect(try await intake.submit(Samples.lead(2), from: Samples.partner).matchedRuleID == Samples.westRule)
            await #expect(throws: StoreError.self) {
                try await fixture.bound(Samples.west, WorkspaceCapacity(timeZone: "Mars/Base"))
            }
            await #expect(throws: PostgresError.self) {
                try await fixture.run(#"UPDATE workspaces SET capacity = '{"timeZone": "Mars/Base"}'"#)
            }
        }
    }
}
