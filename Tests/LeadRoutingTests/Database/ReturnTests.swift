import FoundationEssentials
import LeadStore
import Postgres
import RoutingRules
import Testing

@testable import LeadRouting

/// Destinations give leads back, and people of a workspace take turns.
@Suite struct ReturnTests {
    private func returning(_ town: Town) -> LeadReturn {
        LeadReturn(store: town.store, rules: RuleSetCache(source: town.store))
    }

    @Test func aReturnFreesItsRoomOnce() async throws {
        try await Town.with(connections: 12) { town in
            try await town.remove("FOR UPDATE;", from: "return_lead", with: ";", asked: "return-lock")
            try await town.distribute(
                Distribution(caps: [Cap(per: .day, limit: 3), Cap(per: .total, limit: 3)], whenFull: .wait)
            )
            let intake = town.intake()
            var leads: [UUID] = []
            for number in 0..<4 {
                leads.append(try await intake.submit(Samples.lead(number), from: Samples.partner).leadID)
            }
            let returning = returning(town)
            let first = leads[0]
            await #expect(throws: StoreError.self) {
                _ = try await returning(leads[0], reason: nil, sendsOn: false, actor: "k", as: .workspace(Samples.east))
            }
            // Ten at the same moment are one.
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
                try await town.run("SELECT amount FROM switchyard.routing_state WHERE scope = 1") == [["2"], ["2"]]
            )
            #expect(
                try await town.number(
                    "SELECT count(*) FROM lead_routing_logs WHERE routing_result = 'returned' AND actor = 'k'"
                ) == 1
            )
            #expect(try await town.number("SELECT count(*) FROM lead_attributions WHERE returned_at IS NOT NULL") == 1)
            // Who waited has the place.
            #expect(try await town.router().routeAwaited().routed == 1)
            #expect(
                try await town.number("SELECT count(*) FROM leads WHERE workspace_id = '\(Samples.west.text)'") == 3
            )
            // A window that has passed is not touched.
            try await town.run(
                "UPDATE switchyard.routing_state SET window_start = window_start - interval '1 day' WHERE period = 2"
            )
            _ = try await returning(leads[1], reason: nil, sendsOn: false, actor: "k", as: .administrator)
            #expect(
                try await town.run("SELECT amount FROM switchyard.routing_state WHERE scope = 1 ORDER BY period") == [
                    ["3"], ["2"],
                ]
            )
        }
    }

    @Test func aReturnedLeadGoesToSomebodyElse() async throws {
        try await Town.with { town in
            try await town.distribute(
                Distribution(
                    pool: Pool(
                        .inOrder,
                        members: [.init(workspaceID: Samples.west), .init(workspaceID: Samples.east)]
                    ),
                    caps: [Cap(per: .total, limit: 10)]
                )
            )
            let lead = try await town.intake().submit(Samples.lead(1), from: Samples.partner).leadID
            let returning = returning(town)
            let second = try await returning(lead, reason: nil, sendsOn: true, actor: "k", as: .workspace(Samples.west))
            #expect(second.destinationWorkspaceID == Samples.east)
            #expect(second.matchedRuleID == Samples.westRule)
            #expect(try await town.number("SELECT amount FROM switchyard.routing_state WHERE scope = 1") == 1)
            #expect(try await town.number("SELECT count(*) FROM lead_attributions WHERE returned_at IS NULL") == 1)
            // The first one repeats its request: nothing changes.
            let again = try await returning(lead, reason: nil, sendsOn: true, actor: "k", as: .workspace(Samples.west))
            #expect(again.destinationWorkspaceID == Samples.east)
            let third = try await returning(lead, reason: nil, sendsOn: true, actor: "k", as: .workspace(Samples.east))
            #expect(third.destinationWorkspaceID == Samples.partner)
            #expect(third.matchedRuleID == nil)
            #expect(try await town.number("SELECT amount FROM switchyard.routing_state WHERE scope = 1") == 0)
        }
    }

    /// People take turns, exactly, over nodes; editing them does not begin anew.
    @Test func peopleTakeTurns() async throws {
        try await Town.with(connections: 16) { town in
            let store = town.store
            func add(_ number: UInt8, weight: Int64 = 1, caps: [Cap] = []) async throws {
                var change = AssigneeChange()
                change.name = "P\(number)"
                change.weight = weight
                change.caps = caps
                _ = try await store.createAssignee(
                    id: .sample(number),
                    of: Samples.west,
                    change,
                    as: .workspace(Samples.west)
                )
            }
            try await add(71, weight: 2)
            try await add(72, caps: [Cap(per: .week, limit: 20)])
            let intakes = [town.intake(leadsInBatch: 8), town.intake(leadsInBatch: 8)]
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<90 {
                    group.addTask {
                        _ = try await intakes[number % 2].submit(Samples.lead(number), from: Samples.partner)
                    }
                }
                try await group.waitForAll()
            }
            func count(_ person: UInt8) async throws -> Int {
                try await town.number("SELECT count(*) FROM leads WHERE assignee_id = '\(UUID.sample(person).text)'")
            }
            #expect(try await count(71) == 70)
            #expect(try await count(72) == 20)
            var away = AssigneeChange()
            away.absentFrom = .some(0)
            _ = try await store.changeAssignee(.sample(71), of: Samples.west, away, as: .administrator)
            let lead = try await intakes[0].submit(Samples.lead(200), from: Samples.partner)
            #expect(lead.reason.contains("Nobody there is available"))
            let record = try #require(try await store.lead(lead.leadID, as: .administrator))
            #expect(record.assigneeID == nil)
            #expect(try await store.assignees(of: Samples.west, as: .workspace(Samples.partner)).isEmpty)
            await #expect(throws: StoreError.self) {
                _ = try await store.deleteAssignee(.sample(71), of: Samples.west, as: .workspace(Samples.partner))
            }
            #expect(try await store.deleteAssignee(.sample(71), of: Samples.west, as: .workspace(Samples.west)))
        }
    }

    @Test func usageIsTold() async throws {
        try await Town.with { town in
            try await town.bound(
                Samples.west,
                WorkspaceCapacity(
                    try #require(
                        SettingsValue(
                            json:
                                #"{"timeZone":"Europe/Berlin","caps":[{"per":"day","limit":9},{"per":"total","limit":50}],"hours":{}}"#
                        )
                    )
                )
            )
            let closed = try #require(
                try await town.store.capacityUsage(of: Samples.west, as: .workspace(Samples.west))
            )
            #expect(!closed.isOpen)
            #expect(closed.opensAt == nil)
            try await town.bound(
                Samples.west,
                WorkspaceCapacity(
                    timeZone: "Europe/Berlin",
                    caps: [Cap(per: .day, limit: 9), Cap(per: .total, limit: 50)]
                )
            )
            let intake = town.intake()
            for number in 0..<2 { _ = try await intake.submit(Samples.lead(number), from: Samples.partner) }
            let usage = try #require(try await town.store.capacityUsage(of: Samples.west, as: .administrator))
            #expect(usage.isOpen)
            #expect(usage.lines.map(\.used) == [2, 2])
            #expect(usage.lines[0].endsAt != nil)
            #expect(usage.lines[1].endsAt == nil)
            #expect(try await town.store.capacityUsage(of: Samples.west, as: .workspace(Samples.east)) == nil)
        }
    }
}
