import FoundationEssentials
import LeadStore
import Postgres
import Synchronization
import Testing

@testable import LeadRouting

/// Several schedulers on one database.
@Suite struct ScheduleRaceTests {
    @Test func dueTimeRunsOnceAcrossNodes() async throws {
        try await RoutingFixture.with { fixture in
            let functions = (0..<12)
                .map {
                    ScheduledFunction(
                        name: "f\($0)",
                        trigger: .schedule(Schedule(cron: "* * * * *", every: 60)),
                        summary: "runs each minute"
                    )
                }
            let runs = Mutex<[String: Int]>([:])
            let nodes = (0..<8)
                .map { node in
                    Scheduler(
                        store: FixedTime(runs: fixture.stores.schedule),
                        functions: functions,
                        node: "n\(node)",
                        logger: Samples.quiet
                    ) { name in
                        runs.withLock { $0[name, default: 0] += 1 }
                        return 1
                    }
                }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for scheduler in nodes {
                    group.addTask {
                        // A node without memory of its runs repeats none.
                        for _ in 0..<3 {
                            var times = DueTimes(functions)
                            try await scheduler.tick(&times)
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(runs.withLock { $0 } == Dictionary(uniqueKeysWithValues: functions.map { ($0.name, 1) }))
            #expect(try await fixture.number("SELECT count(*) FROM switchyard.scheduled_runs WHERE affected = 1") == 12)
        }
    }
}

/// The database's runs, with a fixed time: the minute must not change during the test.
private struct FixedTime: DueTimeClaiming {
    let runs: ScheduleStore

    func databaseTime() async throws -> Timestamp {
        Timestamp(microsecondsSinceUnixEpoch: 1_769_817_610_000_000)
    }

    func claimRun(_ name: String, dueAt: Timestamp, node: String, claim: UUID) async throws -> Bool {
        try await runs.claimRun(name, dueAt: dueAt, node: node, claim: claim)
    }

    func reclaimFailedRun(_ name: String, dueAt: Timestamp, node: String) async throws -> Bool {
        try await runs.reclaimFailedRun(name, dueAt: dueAt, node: node)
    }

    func run(_ name: String, dueAt: Timestamp) async throws -> ScheduledRun? {
        try await runs.run(name, dueAt: dueAt)
    }

    func finishRun(_ name: String, dueAt: Timestamp, node: String, affected: Int64?, error: String?) async throws {
        try await runs.finishRun(name, dueAt: dueAt, node: node, affected: affected, error: error)
    }
}
