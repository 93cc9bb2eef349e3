import FoundationEssentials
import LeadRouting
import RoutingRules
import Testing

/// Two partners post the same people at the same time, each to a node of its own.
@Suite struct DuplicateRaceTests {
    @Test func concurrentDuplicatesHaveOneWinner() async throws {
        let people = 400
        try await RoutingFixture.with { fixture in
            let nodes = [(fixture.intake(), Samples.partner), (fixture.intake(), Samples.rival)]
            let outcomes = try await withThrowingTaskGroup(of: [(Int, RoutingOutcome)].self) { group in
                for (turn, (intake, source)) in nodes.enumerated() {
                    // In opposite orders: the batches of the two meet in the middle, and want each other's people.
                    let order = turn == 0 ? Array(0..<people) : Array((0..<people).reversed())
                    for start in stride(from: 0, to: people, by: 20) {
                        let numbers = order[start..<start + 20]
                        group.addTask {
                            let results = try await intake.submit(
                                batch: numbers.map { (lead: Samples.lead($0), source: source) }
                            )
                            return try Array(zip(numbers, results.map { try $0.get() }))
                        }
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(outcomes.count == 2 * people)
            for (_, duplicates) in Dictionary(grouping: outcomes, by: \.0) {
                let winners = duplicates.map(\.1).filter { !$0.isDuplicate }
                let losers = duplicates.map(\.1).filter(\.isDuplicate)
                #expect(winners.map(\.destinationWorkspaceID) == [Samples.west])
                #expect(losers.map(\.duplicateLeadID) == winners.map(\.leadID))
            }
            #expect(try await fixture.number("SELECT count(*) FROM leads") == 2 * people)
            #expect(try await fixture.number("SELECT count(*) FROM lead_attributions") == people)
            #expect(try await fixture.brokenPromises() == 0)
        }
    }
}
