import FoundationEssentials
import JSON
import LeadStore
import Postgres
import RoutingRules
import TestDatabase
import Testing

@testable import LeadRouting

/// Destinations return leads, and people of a workspace take turns.
@Suite struct ReturnTests {
    private func returning(_ fixture: RoutingFixture) -> LeadReturn {
        LeadReturn(stores: fixture.stores, rules: RuleSetCache(source: fixture.stores.ruleSets))
    }

    @Test func returnFreesCapacityOnce() async throws {
        try await RoutingFixture.with(connections: 12) { fixture in
            try await fixture.pool.removeGuardIfAsked(
                "FOR UPDATE;",
                from: "return_lead",
                with: ";",
                asked: "return-lock"
            )
            try await fixture.distribute(
                Distribution(caps: [Cap(per: .day, limit: 3), Cap(per: .total, limit: 3)], whenFull: .wait)
            )
            let intake = fixture.intake()
            var leads: [UUID] = []
            for number in 0..<4 {
                leads.append(try await intake.submit(Samples.lead(number), from: Samples.partner).leadID)
            }
            let returning = returning(fixture)
            let first = leads[0]
            await #expect(throws: StoreError.self) {
                _ = try await returning(leads[0], reason: nil, sendsOn: false, actor: "k", as: .workspace(Samples.east))
            }
            // Ten concurrent returns count as one.
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<10 {
                    group.addTask {
                        let outcome = try await returning(
                            first,
                            reason: "No fit",
                            sendsOn: false,
                            actor: "k",
                            as: .workspace(Samples.west)
                        )
                        #expect(outcome.status == .routed)
                        #expect(outcome.destinationWorkspaceID == Samples.partner)
                    }
                }
                try await group.waitForAll()
            }
            #expect(
                try await fixture.run("SELECT amount FROM switchyard.routing_state WHERE scope = 1") == [["2"], ["2"]]
            )
            #expect(
                try await fixture.number(
                    "SELECT count(*) FROM lead_routing_logs WHERE routing_result = 'returned' AND actor = 'k'"
                ) == 1
            )
            #expect(
                try await fixture.number("SELECT count(*) FROM lead_attributions WHERE returned_at IS NOT NULL") == 1
            )
            // The waiting lead has the free place.
            #expect(try await fixture.router().routeLeadsWaitingForCapacity().routed == 1)
            #expect(
                try await fixture.number("SELECT count(*) FROM leads WHERE workspace_id = '\(Samples.west.text)'") == 3
            )
            // A past window is not changed.
            try await fixture.run(
                "UPDATE switchyard.routing_state SET window_start = window_start - interval '1 day' WHERE period = 2"
            )
            _ = try await returning(leads[1], reason: nil, sendsOn: false, actor: "k", as: .administrator)
            #expect(
                try await fixture.run("SELECT amount FROM switchyard.routing_state WHERE scope = 1 ORDER BY period")
                    == [
                        ["3"], ["2"],
                    ]
            )
        }
    }

    @Test func returnedLeadGoesToOtherDestination() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.distribute(
                Distribution(
                    pool: Pool(
                        .inOrder,
                        members: [.init(workspaceID: Samples.west), .init(workspaceID: Samples.east)]
                    ),
                    caps: [Cap(per: .total, limit: 10)]
                )
            )
            let lead = try await fixture.intake().submit(Samples.lead(1), from: Samples.partner).leadID
            let returning = returning(fixture)
            let second = try await returning(lead, reason: nil, sendsOn: true, actor: "k", as: .workspace(Samples.west))
            #expect(second.destinationWorkspaceID == Samples.east)
            #expect(second.matchedRuleID == Samples.westRule)
            #expect(try await fixture.number("SELECT amount FROM switchyard.routing_state WHERE scope = 1") == 1)
            #expect(try await fixture.number("SELECT count(*) FROM lead_attributions WHERE returned_at IS NULL") == 1)
            // The first caller repeats its request: nothing changes.
            let again = try await returning(lead, reason: nil, sendsOn: true, actor: "k", as: .workspace(Samples.west))
            #expect(again.destinationWorkspaceID == Samples.east)
            let third = try await returning(lead, reason: nil, sendsOn: true, actor: "k", as: .workspace(Samples.east))
            #expect(third.destinationWorkspaceID == Samples.partner)
            #expect(third.matchedRuleID == nil)
            #expect(try await fixture.number("SELECT amount FROM switchyard.routing_state WHERE scope = 1") == 0)
        }
    }

    /// Creates a second rule, after the first, that sends all leads to the east.
    private func sendTheRestEast(
        _ fixture: RoutingFixture,
        _ change: (inout RuleChange) -> Void = { _ in }
    ) async throws {
        var rule = RuleChange()
        rule.name = "The rest"
        rule.priority = -1
        rule.destinationWorkspaceID = Samples.east
        change(&rule)
        _ = try await fixture.stores.rules.create(id: .sample(22), owner: nil, rule, as: .administrator)
    }

    /// The node dies between the return and the reroute: neither has happened, and repeating the call does both.
    @Test func killedNodeNeitherReturnsNorReroutes() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.distribute(Distribution(caps: [Cap(per: .total, limit: 10)]))
            try await sendTheRestEast(fixture)
            let lead = try await fixture.intake().submit(Samples.lead(1), from: Samples.partner).leadID
            try await fixture.run(
                """
                ALTER FUNCTION switchyard.send_returned_lead RENAME TO kept;
                CREATE FUNCTION switchyard.send_returned_lead(uuid, bigint, uuid, uuid, text, text, uuid, text, text)
                RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
                    PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(10); RETURN true; END $$
                """
            )
            let returning = returning(fixture)
            await #expect(throws: PostgresError.self) {
                try await returning(lead, reason: nil, sendsOn: true, actor: "k", as: .workspace(Samples.west))
            }
            #expect(try await fixture.run("SELECT workspace_id FROM leads") == [[Samples.west.text]])
            #expect(try await fixture.number("SELECT amount FROM switchyard.routing_state WHERE scope = 1") == 1)
            #expect(try await fixture.number("SELECT count(*) FROM lead_routing_logs") == 1)
            #expect(try await fixture.number("SELECT count(*) FROM lead_attributions WHERE returned_at IS NULL") == 1)
            try await fixture.run(
                """
                DROP FUNCTION switchyard.send_returned_lead;
                ALTER FUNCTION switchyard.kept RENAME TO send_returned_lead
                """
            )
            let after = try await returning(lead, reason: nil, sendsOn: true, actor: "k", as: .workspace(Samples.west))
            #expect(after.destinationWorkspaceID == Samples.east)
            #expect(try await fixture.number("SELECT amount FROM switchyard.routing_state WHERE scope = 1") == 0)
        }
    }

    /// Thirty leads are returned at once from a destination without caps, while others arrive: the next destination
    /// takes exactly three of them, and no transactions deadlock.
    @Test func rerouteRespectsCap() async throws {
        try await RoutingFixture.with(connections: 16) { fixture in
            try await sendTheRestEast(fixture) {
                $0.distribution = Distribution(caps: [Cap(per: .day, limit: 5), Cap(per: .total, limit: 5)])
            }
            let intake = fixture.intake(leadsInBatch: 8)
            var leads: [UUID] = []
            for number in 0..<30 {
                leads.append(try await intake.submit(Samples.lead(number), from: Samples.partner).leadID)
            }
            for number in 30..<32 {
                _ = try await intake.submit(Samples.lead(number, industry: "farming"), from: Samples.partner)
            }
            let returning = returning(fixture)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for lead in leads {
                    group.addTask {
                        _ = try await returning(
                            lead,
                            reason: nil,
                            sendsOn: true,
                            actor: "k",
                            as: .workspace(Samples.west)
                        )
                    }
                }
                for number in 40..<60 {
                    group.addTask {
                        _ = try await intake.submit(Samples.lead(number, industry: "farming"), from: Samples.partner)
                    }
                }
                try await group.waitForAll()
            }
            #expect(
                try await fixture.number("SELECT count(*) FROM leads WHERE workspace_id = '\(Samples.east.text)'") == 5
            )
            #expect(
                try await fixture.run("SELECT amount FROM switchyard.routing_state WHERE scope = 1") == [["5"], ["5"]]
            )
        }
    }

    /// Returns with opposite counters and destinations: A's lead goes to B and B's to A, many at once.
    @Test func crossingReturnsDoNotDeadlock() async throws {
        try await RoutingFixture.with(connections: 16) { fixture in
            try await fixture.distribute(
                Distribution(
                    pool: Pool(
                        .inOrder,
                        members: [
                            .init(workspaceID: Samples.west, caps: [Cap(per: .total, limit: 20)]),
                            .init(workspaceID: Samples.east, caps: [Cap(per: .total, limit: 40)]),
                        ]
                    )
                )
            )
            let intake = fixture.intake(leadsInBatch: 8)
            var leads: [UUID] = []
            for number in 0..<40 {
                leads.append(try await intake.submit(Samples.lead(number), from: Samples.partner).leadID)
            }
            let returning = returning(fixture)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for lead in leads {
                    group.addTask {
                        _ = try await returning(lead, reason: nil, sendsOn: true, actor: "k", as: .administrator)
                    }
                }
                try await group.waitForAll()
            }
            let counted = try await fixture.run(
                "SELECT member_id, amount FROM switchyard.routing_state WHERE scope = 2 AND period = 5 ORDER BY 1"
            )
            for (member, amount) in counted.map({ ($0[0], $0[1]) }) {
                #expect(
                    try await fixture.number("SELECT count(*) FROM leads WHERE workspace_id = '\(member)'")
                        == Int(amount)
                )
            }
        }
    }

    /// A lead is decided again by all of its original values.
    @Test func returnedLeadIsDecidedByAllRules() async throws {
        try await RoutingFixture.with { fixture in
            try await sendTheRestEast(fixture) {
                $0.conditions = RuleConditions(
                    json: #"{"where":{"all":[{"field":"metadata.plan","op":"equals","value":"pro"},"#
                        + #"{"field":"first_name","op":"equals","value":"Ada"}]}}"#
                )
            }
            var lead = Samples.lead(1)
            lead.metadata = #"{"plan":"pro"}"#
            lead.firstName = "Ada"
            let id = try await fixture.intake().submit(lead, from: Samples.partner).leadID
            let after = try await returning(fixture)(
                id,
                reason: nil,
                sendsOn: true,
                actor: "k",
                as: .workspace(Samples.west)
            )
            #expect(after.destinationWorkspaceID == Samples.east)
        }
    }

    /// People take turns exactly, over several nodes; editing them does not restart the turns.
    @Test func peopleReceiveLeadsInTurn() async throws {
        try await RoutingFixture.with(connections: 16) { fixture in
            let stores = fixture.stores
            func add(_ number: UInt8, weight: Int64 = 1, caps: [Cap] = []) async throws {
                var change = AssigneeChange()
                change.name = "P\(number)"
                change.weight = weight
                change.caps = caps
                _ = try await stores.assignees.create(
                    id: .sample(number),
                    of: Samples.west,
                    change,
                    as: .workspace(Samples.west)
                )
            }
            try await add(71, weight: 2)
            try await add(72, caps: [Cap(per: .week, limit: 20)])
            let intakes = [fixture.intake(leadsInBatch: 8), fixture.intake(leadsInBatch: 8)]
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<90 {
                    group.addTask {
                        _ = try await intakes[number % 2].submit(Samples.lead(number), from: Samples.partner)
                    }
                }
                try await group.waitForAll()
            }
            func count(_ person: UInt8) async throws -> Int {
                try await fixture.number("SELECT count(*) FROM leads WHERE assignee_id = '\(UUID.sample(person).text)'")
            }
            #expect(try await count(71) == 70)
            #expect(try await count(72) == 20)
            var away = AssigneeChange()
            away.absentFrom = .some(0)
            _ = try await stores.assignees.change(.sample(71), of: Samples.west, away, as: .administrator)
            let lead = try await intakes[0].submit(Samples.lead(200), from: Samples.partner)
            #expect(lead.reason.text(for: .administrator).contains("No assignee is available"))
            let record = try #require(try await stores.leads.find(lead.leadID, as: .administrator))
            #expect(record.assigneeID == nil)
            #expect(try await stores.assignees.list(of: Samples.west, as: .workspace(Samples.partner)).isEmpty)
            await #expect(throws: StoreError.self) {
                _ = try await stores.assignees.delete(
                    .sample(71),
                    of: Samples.west,
                    as: .workspace(Samples.partner)
                )
            }
            #expect(
                try await stores.assignees.delete(.sample(71), of: Samples.west, as: .workspace(Samples.west))
            )
        }
    }

    @Test func usageIsReported() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.bound(
                Samples.west,
                WorkspaceCapacity(
                    try #require(
                        JSONValue(
                            json:
                                #"{"timeZone":"Europe/Berlin","caps":[{"per":"day","limit":9},{"per":"total","limit":50}],"hours":{}}"#
                        )
                    )
                )
            )
            let closed = try #require(
                try await fixture.stores.capacity.usage(of: Samples.west, as: .workspace(Samples.west))
            )
            #expect(!closed.isOpen)
            #expect(closed.opensAt == nil)
            try await fixture.bound(
                Samples.west,
                WorkspaceCapacity(
                    timeZone: "Europe/Berlin",
                    caps: [Cap(per: .day, limit: 9), Cap(per: .total, limit: 50)]
                )
            )
            let intake = fixture.intake()
            for number in 0..<2 { _ = try await intake.submit(Samples.lead(number), from: Samples.partner) }
            let usage = try #require(
                try await fixture.stores.capacity.usage(of: Samples.west, as: .administrator)
            )
            #expect(usage.isOpen)
            #expect(usage.lines.map(\.used) == [2, 2])
            #expect(usage.lines[0].endsAt != nil)
            #expect(usage.lines[1].endsAt == nil)
            #expect(
                try await fixture.stores.capacity.usage(of: Samples.west, as: .workspace(Samples.east)) == nil
            )
        }
    }
}
