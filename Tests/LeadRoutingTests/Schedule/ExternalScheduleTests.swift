import FoundationEssentials
import LeadRouting
import LeadStore
import Postgres
import Synchronization
import TestDatabase
import Testing

/// An external scheduler with standby nodes, on a database.
@Suite struct ExternalScheduleTests {
    private static let function = "processLeadRoutingRetryQueue"

    private func node(_ stores: Stores, _ name: String, grace: Int64 = 60, counting count: Count) -> Scheduler {
        Scheduler(
            store: stores.schedule,
            functions: ScheduledFunction.all.filter { $0.name == Self.function },
            node: name,
            grace: grace,
            logger: Samples.quiet
        ) { _ in count.add() }
    }

    private final class Count: Sendable {
        private let number = Mutex(0)
        var value: Int { number.withLock { $0 } }
        func add() -> Int64 {
            number.withLock { $0 += 1 }
            return 7
        }
    }

    /// The last due time, by the database's clock.
    private func lastDue(_ stores: Stores) async throws -> Timestamp {
        Schedule.everyFiveMinutes.dueTime(ofCallAt: try await stores.schedule.databaseTime())
    }

    @Test func nodesAndCallerRunOnce() async throws {
        try await withTestDatabase { database in
            let stores = Stores(pool: database.pool)
            let count = Count()
            let nodes = [node(stores, "a", counting: count), node(stores, "b", counting: count)]
            let dueAt = try await lastDue(stores)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<20 {
                    group.addTask {
                        _ = try await nodes[index % 2]
                            .run(Self.function, dueAt: dueAt, retryingFailure: true) { _ in count.add() }
                    }
                    group.addTask {
                        var times = DueTimes([ScheduledFunction.all[0]])
                        try await nodes[index % 2].tick(&times)
                    }
                }
                try await group.waitForAll()
            }
            // The standby may have run an earlier due time that was overdue; that is another one.
            let runs = try await database.pool.query(Statement("", "SELECT count(*) FROM switchyard.scheduled_runs"))
                .first?
                .int64(0)
            #expect(Int64(count.value) == runs)
            #expect(1...2 ~= count.value)
            let late = try await nodes[1].run(Self.function, dueAt: dueAt, retryingFailure: true) { _ in count.add() }
            #expect(late == .hadRun(affected: 7))
            #expect(Int64(count.value) == runs)
        }
    }

    @Test func missedCallIsTakenOverOnce() async throws {
        try await withTestDatabase { database in
            let stores = Stores(pool: database.pool)
            let count = Count()
            let nodes = [node(stores, "a", grace: 1, counting: count), node(stores, "b", grace: 1, counting: count)]
            let now = try await stores.schedule.databaseTime().microsecondsSinceUnixEpoch
            let dueAt = Schedule.everyFiveMinutes
                .dueTime(ofCallAt: Timestamp(microsecondsSinceUnixEpoch: now - 6_000_000))
            // Within its grace period a standby does not take a due time.
            var times = DueTimes([ScheduledFunction.all[0]])
            let seen = try await node(stores, "c", grace: 86_400, counting: count).tick(&times)
            #expect(now / 1_000_000 - seen >= 86_390)
            #expect(try await stores.schedule.run(Self.function, dueAt: dueAt) == nil)
            #expect(count.value == 1)
            for node in nodes {
                var times = DueTimes([ScheduledFunction.all[0]])
                try await node.tick(&times)
            }
            #expect(count.value == 2)
            let called = try await nodes[0]
                .run(Self.function, dueAt: dueAt, retryingFailure: true) { _ in count.add() }
            #expect(called == .hadRun(affected: 7))
            #expect(count.value == 2)
        }
    }

    @Test func failedRunIsRetriedByCallerOnly() async throws {
        struct Broken: Error {}
        try await withTestDatabase { database in
            let stores = Stores(pool: database.pool)
            let count = Count()
            let scheduler = node(stores, "a", grace: 0, counting: count)
            let dueAt = try await lastDue(stores)
            await #expect(throws: Broken.self) {
                try await scheduler.run(Self.function, dueAt: dueAt, retryingFailure: true) { _ in throw Broken() }
            }
            guard
                case .hadFailed = try await scheduler.run(
                    Self.function,
                    dueAt: dueAt,
                    retryingFailure: false,
                    { _ in count.add() }
                )
            else {
                Issue.record("a failed run was run again")
                return
            }
            let again = try await scheduler.run(Self.function, dueAt: dueAt, retryingFailure: true) { _ in count.add() }
            #expect(again == .ran(affected: 7))
            let last = try await stores.schedule.run(Self.function, dueAt: dueAt)
            #expect(last?.error == nil && last?.finishedAt != nil)
        }
    }

    @Test func callDuringRunOrBeforeDueTimeDoesNothing() async throws {
        try await withTestDatabase { database in
            let stores = Stores(pool: database.pool)
            let count = Count()
            let scheduler = node(stores, "a", counting: count)
            let dueAt = try await lastDue(stores)
            #expect(try await stores.schedule.claimRun(Self.function, dueAt: dueAt, node: "other", claim: UUID()))
            let called = try await scheduler.run(Self.function, dueAt: dueAt, retryingFailure: true) { _ in count.add()
            }
            #expect(called == .isRunning)
            let early = Timestamp(microsecondsSinceUnixEpoch: dueAt.microsecondsSinceUnixEpoch + 3_600_000_000)
            let soon = try await scheduler.run(Self.function, dueAt: early, retryingFailure: true) { _ in count.add() }
            #expect(soon == .notDue)
            #expect(count.value == 0)
        }
    }

    @Test func callIsRoundedToDueTime() throws {
        func due(_ text: String, _ schedule: Schedule) throws -> String {
            "\(schedule.dueTime(ofCallAt: try #require(Timestamp(rfc3339: text))))"
        }
        #expect(try due("2026-01-31T02:00:00Z", .dailyAtTwo) == "2026-01-31T02:00:00.000000Z")
        #expect(try due("2026-01-31T02:00:41.5Z", .dailyAtTwo) == "2026-01-31T02:00:00.000000Z")
        #expect(try due("2026-01-31T01:59:58Z", .dailyAtTwo) == "2026-01-31T02:00:00.000000Z")
        #expect(try due("2026-01-31T01:59:00Z", .dailyAtTwo) == "2026-01-30T02:00:00.000000Z")
        #expect(try due("2026-01-31T00:14:59Z", .everyFiveMinutes) == "2026-01-31T00:15:00.000000Z")
    }
}
