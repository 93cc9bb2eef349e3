import FoundationEssentials
import JSON
import LeadRouting
import LeadStore
import Postgres
import RoutingRules
import Testing

/// Past leads under other rules.
@Suite struct RuleSimulatorTests {
    /// A hundred leads of software, ninety of farming and ten duplicates, one a minute.
    private func fill(_ fixture: RoutingFixture) async throws {
        try await fixture.run(
            """
            INSERT INTO leads (id, workspace_id, source_workspace_id, email, company_industry, routing_status, created_at,
                duplicate_of)
            SELECT gen_random_uuid(), '\(Samples.partner.text)', '\(Samples.partner.text)', 'p' || n || '@example.com',
                CASE WHEN n <= 100 THEN 'software' ELSE 'farming' END, 'routed', now() - n * interval '1 minute',
                CASE WHEN n > 190 THEN gen_random_uuid() END
            FROM generate_series(1, 200) n
            """
        )
    }

    private static func state(of fixture: RoutingFixture) async throws -> [[String]] {
        try await fixture.run(
            """
            SELECT (SELECT md5(string_agg(l::text, '' ORDER BY id)) FROM leads l), (SELECT count(*) FROM lead_routing_logs),
                (SELECT count(*) FROM lead_routing_queue), (SELECT switchyard.current_rule_set_version()),
                (SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_xact_user_tables)
            """
        )
    }

    @Test func simulatesLastDaysUnderDraft() async throws {
        try await RoutingFixture.with { fixture in
            try await fill(fixture)
            let before = try await Self.state(of: fixture)
            let farming: JSONValue = [
                "rules": [
                    [
                        "name": "Farming", "conditions": ["industries": ["farming"]],
                        "destination": .string(Samples.east.text),
                    ]
                ]
            ]
            let simulator = RuleSimulator(stores: fixture.stores)
            let report = try await simulator.run(
                SimulationRequest(owner: nil, draft: .document(farming), leads: .days(1, limit: 1000)),
                draftName: "a draft"
            )
            #expect(report.leadCount == 190 && report.duplicateCount == 10 && !report.isTruncated)
            #expect(report.newlyUnmatched == 100 && report.newlyMatched == 90)
            #expect(try await Self.state(of: fixture) == before)
            // The newest are taken, in order of their age.
            let fewer = try await simulator.run(
                SimulationRequest(owner: Samples.partner, draft: .published, leads: .days(1, limit: 50)),
                draftName: "the same"
            )
            #expect(fewer.leadCount == 50 && fewer.isTruncated && fewer.unchanged == 50)
            #expect(fewer.workspaces.map(\.id) == [Samples.west])
            let none = try await simulator.run(
                SimulationRequest(owner: Samples.rival, draft: .published, leads: .days(1, limit: 50)),
                draftName: "the same"
            )
            #expect(none.leadCount == 0)
        }
    }

    /// Current leads start with the current counters by default; past leads are replayed from now on if requested.
    ///
    /// No counter is changed.
    @Test func simulationStartsWithLiveCounters() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.distribute(
                Distribution(
                    pool: Pool(.sticky, members: [.init(workspaceID: Samples.west), .init(workspaceID: Samples.east)]),
                    caps: [Cap(per: .day, limit: 3)]
                )
            )
            let intake = fixture.intake()
            var lead = Samples.lead(1)
            lead.companyName = "Acme"
            let first = try await intake.submit(lead, from: Samples.partner)
            _ = try await intake.submit(Samples.lead(2), from: Samples.partner)
            try await fixture.run("UPDATE leads SET created_at = created_at - interval '2 hours'")
            let counters = "SELECT * FROM switchyard.routing_state ORDER BY 1, 2, 3, 4"
            let before = (try await Self.state(of: fixture), try await fixture.run(counters))
            let simulator = RuleSimulator(stores: fixture.stores)
            func run(_ leads: SimulationRequest.Leads, _ counters: SimulatedCounters?) async throws -> SimulationReport
            {
                try await simulator.run(
                    SimulationRequest(owner: nil, draft: .published, leads: leads, counters: counters),
                    draftName: "the same"
                )
            }
            lead.email = "another@example.com"
            let three = (0..<3).map { _ in SimulatedLead(id: nil, lead: lead, source: Samples.partner, time: nil) }
            let now = try await run(.these(three), nil)
            #expect(now.counters == .live)
            #expect(now.leads.map { Placement($0.live).isMatched } == [true, false, false])
            #expect(Placement(now.leads[0].live).workspace == first.destinationWorkspaceID)
            #expect(now.leads[0].live.reason.text(for: .administrator).contains("Sticky"))
            #expect(now.caps.first?.liveFirst != nil)
            let empty = try await run(.these(three), .empty)
            #expect(empty.leads.allSatisfy { Placement($0.live).isMatched })
            #expect(empty.counters == .empty)
            let past = try await run(.days(1, limit: 100), nil)
            #expect(past.counters == .empty && past.offset == 0 && past.newlyUnmatched == 0)
            #expect(past.caps.isEmpty)
            // Two are counted, and two are replayed: the second finds the cap full, unless midnight is between them.
            let again = try await run(.days(1, limit: 100), .live)
            #expect(again.counters == .live && again.offset == 86_400_000_000)
            #expect(again.leadCount == 2)
            #expect(again.period == past.period)
            #expect((try await Self.state(of: fixture)) == before.0)
            #expect((try await fixture.run(counters)) == before.1)
        }
    }

    @Test func earlierVersionServesAsDraft() async throws {
        try await RoutingFixture.with { fixture in
            try await fill(fixture)
            let version = try await fixture.stores.ruleSets.version()
            _ = try await fixture.stores.rules.delete(Samples.westRule, as: .administrator)
            let report = try await RuleSimulator(stores: fixture.stores)
                .run(
                    SimulationRequest(owner: nil, draft: .version(version), leads: .days(1, limit: 1000)),
                    draftName: "v"
                )
            #expect(report.newlyMatched == 100)
            await #expect(throws: StoreError.self) {
                try await RuleSimulator(stores: fixture.stores)
                    .run(SimulationRequest(owner: nil, draft: .version(-5), leads: .days(1, limit: 10)), draftName: "v")
            }
        }
    }

    @Test func overlongSimulationIsStopped() async throws {
        try await RoutingFixture.with { fixture in
            try await fill(fixture)
            await #expect(throws: RuleSimulator.Refusal.self) {
                try await RuleSimulator(stores: fixture.stores, timeLimit: .zero)
                    .run(SimulationRequest(owner: nil, draft: .published, leads: .days(1, limit: 1000)), draftName: "x")
            }
        }
    }

    /// Windows begin where routing's windows begin, including the hour that a clock shows twice.
    @Test func calendarMatchesDatabase() async throws {
        try await RoutingFixture.with { fixture in
            func time(_ text: String) async throws -> Timestamp {
                let micros = try await fixture.run(
                    "SELECT (extract(epoch FROM '\(text)'::timestamptz) * 1000000)::bigint"
                )
                return Timestamp(microsecondsSinceUnixEpoch: Int64(micros[0][0]) ?? 0)
            }
            let windows = CapPeriod.allCases.filter { $0 != .total }
                .map { SimulatedClock.Window(timeZone: "America/New_York", period: $0) }
            let clock = try await fixture.stores.simulation.calendar(
                windows: Set(windows),
                timeZones: ["America/New_York", "Australia/Lord_Howe"],
                from: try await time("2026-10-30 12:00Z"),
                to: try await time("2026-11-03 12:00Z")
            )
            for window in windows {
                var before: (simulated: Int64, stored: Int64)?
                for quarter in 0..<380 {
                    let moment =
                        try await time("2026-10-30 12:05Z").microsecondsSinceUnixEpoch + Int64(quarter) * 900_000_000
                    let start = try await fixture.run(
                        """
                        SELECT (extract(epoch FROM date_trunc('\(window.period.rawValue)',
                            to_timestamp(\(moment / 1_000_000)) AT TIME ZONE 'America/New_York')
                            AT TIME ZONE 'America/New_York'))::bigint
                        """
                    )
                    let now = (simulated: clock.start(of: window, at: moment), stored: Int64(start[0][0]) ?? 0)
                    if let before {
                        #expect(
                            (now.simulated == before.simulated) == (now.stored == before.stored),
                            "\(quarter) \(window)"
                        )
                    }
                    before = now
                }
            }
        }
    }
}
