import FoundationEssentials
import LeadRouting
import LeadStore
import Postgres
import RoutingRules
import Synchronization
import Testing

/// Due times and the database's clock, in memory.
final class FakeSchedule: DueTimeClaiming {
    struct Run: Hashable {
        let name: String
        let dueAt: Timestamp
    }

    private let state = Mutex<
        (now: Int64, runs: [Run: (node: String, claim: UUID?)], finished: [Run: String?], lost: Int)
    >((0, [:], [:], 0))

    init(now: Int64) { state.withLock { $0.now = now } }

    /// Drops the answers to the next claims, though the claims are executed.
    func loseAnswers(_ count: Int) { state.withLock { $0.lost = count } }
    func advance(by seconds: Int64) { state.withLock { $0.now += seconds } }
    var finished: [Run: String?] { state.withLock { $0.finished } }

    func databaseTime() async throws -> Timestamp {
        Timestamp(microsecondsSinceUnixEpoch: state.withLock { $0.now } * 1_000_000)
    }

    func claimRun(_ name: String, dueAt: Timestamp, node: String, claim: UUID) async throws -> Bool {
        await Task.yield()
        return try state.withLock { state in
            let run = Run(name: name, dueAt: dueAt)
            let isFree = state.runs[run].map { $0.claim == claim && state.finished[run] == nil } ?? true
            if isFree { state.runs[run] = (node, claim) }
            if state.lost > 0 {
                state.lost -= 1
                throw PostgresError(.connectionLost, "The connection was lost.")
            }
            return isFree
        }
    }

    func reclaimFailedRun(_ name: String, dueAt: Timestamp, node: String) async throws -> Bool {
        state.withLock { state in
            let run = Run(name: name, dueAt: dueAt)
            guard let error = state.finished[run], error != nil else { return false }
            state.finished[run] = nil
            state.runs[run] = (node, nil)
            return true
        }
    }

    func run(_ name: String, dueAt: Timestamp) async throws -> ScheduledRun? {
        state.withLock { state in
            let run = Run(name: name, dueAt: dueAt)
            return state.runs[run]
                .map { node, _ in
                    ScheduledRun(
                        name: name,
                        dueAt: dueAt,
                        node: node,
                        startedAt: dueAt,
                        finishedAt: state.finished[run] == nil ? nil : dueAt,
                        error: state.finished[run] ?? nil
                    )
                }
        }
    }

    func finishRun(_ name: String, dueAt: Timestamp, node: String, affected: Int64?, error: String?) async throws {
        state.withLock { $0.finished[Run(name: name, dueAt: dueAt)] = error }
    }
}

@Suite struct SchedulerTests {
    /// 2026-01-31 00:00:00 UTC.
    private let midnight: Int64 = 1_769_817_600

    private func scheduler(
        _ store: FakeSchedule,
        node: String = "n",
        body: @escaping Scheduler.Body = { _ in 1 }
    ) -> Scheduler {
        Scheduler(store: store, node: node, clock: ImmediateClock(), logger: Samples.quiet, body: body)
    }

    @Test func scheduleHasNamesAndTimesOfGuide() throws {
        let times = DueTimes(ScheduledFunction.all)
        #expect(
            ScheduledFunction.all.map(\.name) == [
                "processLeadRoutingRetryQueue", "cleanupStaleRoutingLocks", "markExpiredLeads",
                "leadRoutingHealthCheck",
                "triggerLeadRoutingRetry",
            ]
        )
        let now = midnight + 7 * 60
        #expect(times.next(of: "processLeadRoutingRetryQueue", after: now) == midnight + 600)
        #expect(times.next(of: "cleanupStaleRoutingLocks", after: now) == midnight + 600)
        #expect(times.next(of: "leadRoutingHealthCheck", after: now) == midnight + 3600)
        #expect(times.next(of: "markExpiredLeads", after: now) == midnight + 7200)
        #expect(times.next(of: "triggerLeadRoutingRetry", after: now) == nil)
    }

    @Test func dueTimeRunsOnceOverAllNodes() async throws {
        let store = FakeSchedule(now: midnight + 60)
        let count = Mutex<[String: Int]>([:])
        let nodes = (0..<5)
            .map { node in
                scheduler(store, node: "n\(node)") { name in
                    count.withLock { $0[name, default: 0] += 1 }
                    return 1
                }
            }
        var times = nodes.map { _ in DueTimes(ScheduledFunction.all) }
        for _ in 0..<24 {
            for index in nodes.indices { try await nodes[index].tick(&times[index]) }
            store.advance(by: 300)
        }
        // Two hours, and the times before the first that no node had taken: one each.
        #expect(
            count.withLock { $0 } == [
                "processLeadRoutingRetryQueue": 24, "cleanupStaleRoutingLocks": 12, "leadRoutingHealthCheck": 2,
                "markExpiredLeads": 1,
            ]
        )
    }

    @Test func lostResponseLosesNoRun() async throws {
        let store = FakeSchedule(now: midnight)
        var times = DueTimes(ScheduledFunction.all)
        let scheduler = scheduler(store)
        store.loseAnswers(1)
        await #expect(throws: PostgresError.self) { try await scheduler.tick(&times) }
        #expect(store.finished.isEmpty)
        try await scheduler.tick(&times)
        #expect(store.finished.count == 4)
    }

    @Test func missedTimesRunOnce() async throws {
        let store = FakeSchedule(now: midnight)
        var times = DueTimes(ScheduledFunction.all)
        let scheduler = scheduler(store)
        try await scheduler.tick(&times)
        let before = store.finished.count
        store.advance(by: 3 * 86_400 + 61)
        try await scheduler.tick(&times)
        #expect(store.finished.count == before + 4)
        let latest = store.finished.keys.filter { $0.name == "markExpiredLeads" }.map(\.dueAt).max()
        #expect(latest?.microsecondsSinceUnixEpoch == (midnight + 2 * 86_400 + 7200) * 1_000_000)
    }

    @Test func failureIsRecordedAndScheduleContinues() async throws {
        struct Broken: Error, CustomStringConvertible { let description = "broken" }
        let store = FakeSchedule(now: midnight)
        var times = DueTimes(ScheduledFunction.all)
        let scheduler = scheduler(store) { _ in throw Broken() }
        try await scheduler.tick(&times)
        #expect(store.finished.values.allSatisfy { $0 == "broken" })
        let before = store.finished.count
        store.advance(by: 300)
        try await scheduler.tick(&times)
        #expect(store.finished.count == before + 1)
    }

    @Test func manualRunsAreRecorded() async throws {
        let store = FakeSchedule(now: midnight)
        #expect(try await scheduler(store).runByHand("triggerLeadRoutingRetry") == 1)
        #expect(store.finished.count == 1)
        await #expect(throws: ScheduledFunctions.UnknownName.self) { try await scheduler(store).runByHand("nothing") }
    }
}
