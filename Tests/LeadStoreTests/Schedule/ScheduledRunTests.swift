import FoundationEssentials
import LeadStore
import Postgres
import Testing

/// Each due time of a scheduled function is run by one node, also if other nodes die.
@Suite struct ScheduledRunTests {
    private let name = "markExpiredLeads"

    private func due(_ number: Int64) -> Timestamp {
        Timestamp(microsecondsSinceUnixEpoch: (1_769_817_600 + number * 300) * 1_000_000)
    }

    /// Forty nodes ask for ten due times at once, and one of them gets each.
    ///
    /// The key of the table decides.
    @Test func concurrentNodesClaimDueTimeOnce() async throws {
        try await StoreFixture.with(connections: 12) { fixture in
            let won = try await withThrowingTaskGroup(of: Int64?.self) { group in
                for node in 0..<40 {
                    for number in Int64(0)..<10 {
                        group.addTask {
                            let isOurs = try await fixture.stores.schedule.claimRun(
                                name,
                                dueAt: due(number),
                                node: "n\(node)",
                                claim: UUID()
                            )
                            return isOurs ? number : nil
                        }
                    }
                }
                return try await group.reduce(into: []) { won, number in won += number.map { [$0] } ?? [] }
            }
            #expect(won.sorted() == Array(0..<10))
            #expect(try await fixture.count("switchyard.scheduled_runs") == 10)
        }
    }

    @Test func dueTimeOfDeadNodeIsClaimedOnce() async throws {
        try await StoreFixture.with { fixture in
            let stores = fixture.stores
            #expect(try await stores.schedule.claimRun(name, dueAt: due(0), node: "dead", claim: UUID()))
            #expect(try await !stores.schedule.claimRun(name, dueAt: due(0), node: "alive", claim: UUID()))
            try await fixture.run("UPDATE switchyard.scheduled_runs SET started_at = now() - interval '16 minutes'")
            #expect(try await stores.schedule.claimRun(name, dueAt: due(0), node: "alive", claim: UUID()))
            #expect(try await !stores.schedule.claimRun(name, dueAt: due(0), node: "late", claim: UUID()))
            // The dead node returns: the run is no longer its own.
            try await stores.schedule.finishRun(name, dueAt: due(0), node: "dead", affected: 99, error: nil)
            #expect(try await stores.schedule.lastRuns().first?.finishedAt == nil)
            try await stores.schedule.finishRun(name, dueAt: due(0), node: "alive", affected: 3, error: nil)
            let run = try #require(try await stores.schedule.lastRuns().first)
            #expect(run.node == "alive")
            #expect(run.affected == 3)
            #expect(run.finishedAt != nil)
            // A finished run is never taken over, however long ago it began.
            try await fixture.run("UPDATE switchyard.scheduled_runs SET started_at = now() - interval '1 day'")
            #expect(try await !stores.schedule.claimRun(name, dueAt: due(0), node: "late", claim: UUID()))
        }
    }

    @Test func lostAnswerIsAskedAgain() async throws {
        try await StoreFixture.with { fixture in
            let stores = fixture.stores
            let claim = UUID()
            #expect(try await stores.schedule.claimRun(name, dueAt: due(0), node: "n", claim: claim))
            #expect(try await stores.schedule.claimRun(name, dueAt: due(0), node: "n", claim: claim))
            #expect(try await !stores.schedule.claimRun(name, dueAt: due(0), node: "n", claim: UUID()))
            try await stores.schedule.finishRun(name, dueAt: due(0), node: "n", affected: 0, error: nil)
            #expect(try await !stores.schedule.claimRun(name, dueAt: due(0), node: "n", claim: claim))
        }
    }

    @Test func lastRunOfEachFunctionIsListed() async throws {
        try await StoreFixture.with { fixture in
            let stores = fixture.stores
            for number in Int64(0)..<3 {
                #expect(try await stores.schedule.claimRun(name, dueAt: due(number), node: "n", claim: UUID()))
            }
            #expect(try await stores.schedule.claimRun("other", dueAt: due(1), node: "n", claim: UUID()))
            try await stores.schedule.finishRun("other", dueAt: due(1), node: "n", affected: nil, error: "broken")
            let runs = try await stores.schedule.lastRuns()
            #expect(runs.map(\.name) == [name, "other"])
            #expect(runs.map(\.dueAt) == [due(2), due(1)])
            #expect(runs.map(\.error) == [nil, "broken"])
        }
    }
}
