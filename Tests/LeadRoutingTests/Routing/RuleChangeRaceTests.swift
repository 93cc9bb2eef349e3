import FoundationEssentials
import LeadRouting
import LeadStore
import RoutingRules
import Testing

/// Rules change while leads are routed: the version in the log explains where each lead went.
@Suite struct RuleChangeRaceTests {
    @Test func loggedVersionExplainsDestination() async throws {
        try await RoutingFixture.with { fixture in
            let stores = fixture.stores
            let intakes = [fixture.intake(leadsInBatch: 16), fixture.intake(leadsInBatch: 16)]
            var destinations = [try await stores.ruleSets.version(): Samples.west]
            // In each round a change races with leads; the next round's leads arrive after it, however fast either is.
            for turn in 0..<20 {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in turn * 30..<(turn + 1) * 30 {
                        group.addTask {
                            _ = try await intakes[number % 2].submit(Samples.lead(number), from: Samples.partner)
                        }
                    }
                    var change = RuleChange()
                    let destination = turn.isMultiple(of: 2) ? Samples.east : Samples.west
                    change.destinationWorkspaceID = destination
                    _ = try await stores.rules.change(Samples.westRule, change, as: .administrator)
                    // No other client changes rules here, so this is the version of the change.
                    destinations[try await stores.ruleSets.version()] = destination
                    try await group.waitForAll()
                }
            }
            #expect(destinations.count == 21)
            let rows = try await fixture.run(
                """
                SELECT coalesce(g.rule_set_version, 0), l.workspace_id, count(*)
                FROM leads l JOIN lead_routing_logs g ON g.lead_id = l.id
                WHERE l.routing_status = 'routed' GROUP BY 1, 2
                """
            )
            for row in rows {
                let version = try #require(Int64(row[0]))
                #expect(destinations[version]?.text == row[1], "version \(version)")
            }
            // Leads whose rules kept changing wait in the queue; the router decides them under its own rules.
            _ = try await fixture.router().drain(limit: 1000)
            #expect(try await fixture.number("SELECT count(*) FROM leads WHERE routing_status = 'routed'") == 600)
            #expect(try await fixture.brokenPromises() == 0)
            #expect(rows.count > 1, "All leads were decided under one version.")
        }
    }
}
