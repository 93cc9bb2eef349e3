import Synchronization
import Testing

@testable import Postgres

struct PoolTests {
    @Test func poolKeepsItsLimit() async throws {
        try await withTestPool(maximumConnections: 3) { pool, name in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<60 {
                    group.addTask {
                        if number % 2 == 0 {
                            _ = try await pool.query(Statement("", "SELECT pg_sleep(0.001)"))
                        } else {
                            try await pool.withTransaction { connection in
                                _ = try await connection.query(Statement("", "SELECT pg_sleep(0.001)"))
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            let answer = try await sessions(pool, named: name)
            #expect(answer <= 3)
        }
    }

    @Test func oneConnectionAlternatesStatementsAndTransactions() async throws {
        try await withTestPool(maximumConnections: 1) { pool, name in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<40 {
                    group.addTask {
                        if number % 2 == 0 {
                            for _ in 0..<20 { _ = try await pool.query(Statement("one", "SELECT 1")) }
                        } else {
                            try await pool.withTransaction { connection in
                                _ = try await connection.query(Statement("two", "SELECT 2"))
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            let answer2 = try await sessions(pool, named: name)
            #expect(answer2 == 1)
        }
    }

    @Test func transactionsLeaveOneConnectionForStatements() async throws {
        try await withTestPool(maximumConnections: 2) { pool, _ in
            try await pool.withTransaction { connection in
                _ = try await connection.query(Statement("", "SELECT 1"))
                // With both connections lent, this would block.
                let other = Task { try await pool.withTransaction { _ in } }
                let answer3 = try await pool.query(Statement("", "SELECT 2")).count
                #expect(answer3 == 1)
                other.cancel()
                await expectFault(.cancelled) { try await other.value }
            }
        }
    }

    @Test func waitersAreServedInOrder() async throws {
        try await withTestPool(maximumConnections: 1) { pool, _ in
            let order = Order()
            try await withThrowingTaskGroup(of: Void.self) { group in
                try await pool.withConnection { _ in
                    for number in 0..<10 {
                        group.addTask {
                            try await pool.withConnection { _ in order.append(number) }
                        }
                        try await waiters(pool, number + 1)
                    }
                }
                try await group.waitForAll()
            }
            #expect(order.numbers == Array(0..<10))
        }
    }

    @Test func tooManyWaitersAreRefused() async throws {
        try await withTestPool(maximumConnections: 1, maximumWaiters: 2) { pool, _ in
            let tasks = try await pool.withConnection { _ in
                var tasks: [Task<Rows, any Error>] = []
                for number in 0..<2 {
                    tasks.append(Task { try await pool.query(Statement("", "SELECT 1")) })
                    try await waiters(pool, number + 1)
                }
                await expectFault(.poolExhausted) { _ = try await pool.query(Statement("", "SELECT 1")) }
                await expectFault(.poolExhausted) { try await pool.withConnection { _ in } }
                return tasks
            }
            for task in tasks { #expect(try await task.value.count == 1) }
        }
    }

    @Test func cancelledWaiterLeavesQueue() async throws {
        try await withTestPool(maximumConnections: 1) { pool, _ in
            try await pool.withConnection { _ in
                let query = Task { try await pool.query(Statement("", "SELECT 1")) }
                let lease = Task { try await pool.withConnection { _ in } }
                try await waiters(pool, 2)
                query.cancel()
                lease.cancel()
                await expectFault(.cancelled) { _ = try await query.value }
                await expectFault(.cancelled) { try await lease.value }
                try await waiters(pool, 0)
            }
            let answer4 = try await pool.query(Statement("", "SELECT 1")).count
            #expect(answer4 == 1)
        }
    }

    @Test func waiterTimesOut() async throws {
        try await withTestPool(maximumConnections: 1) { pool, _ in
            try await pool.withConnection { _ in
                await expectFault(.timeout) {
                    _ = try await pool.query(Statement("", "SELECT 1"), timeout: .milliseconds(20))
                }
                try await waiters(pool, 0)
            }
        }
    }

    @Test func returnedConnectionCannotBeUsed() async throws {
        try await withTestPool { pool, _ in
            let kept = try await pool.withConnection { $0 }
            await expectFault(.shutDown) { _ = try await kept.query(Statement("", "SELECT 1")) }
            await expectFault(.shutDown) { _ = try await kept.simple("SELECT 1") }
        }
    }

    @Test func returnedConnectionIsReset() async throws {
        try await withTestPool(maximumConnections: 1) { pool, _ in
            try await pool.withConnection { connection in
                _ = try await connection.simple("SET TimeZone = 'Asia/Tokyo'; SET statement_timeout = '1s'")
                _ = try await connection.simple("SELECT pg_advisory_lock(hashtext('\(#function)'))")
                _ = try await connection.simple("BEGIN; CREATE TEMP TABLE left_over (a int)")
            }
            let sql = """
                SELECT current_setting('TimeZone'), current_setting('statement_timeout'),
                    to_regclass('left_over') IS NULL,
                    (SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory')
                """
            let row = try #require(try await pool.query(Statement("", sql)).first)
            #expect(try row.string(0) == "UTC")
            #expect(try row.string(1) == "30s")
            #expect(try row.bool(2))
            #expect(try row.int64(3) == 0)
        }
    }

    @Test func shutdownFinishesRunningWork() async throws {
        try await withTestPool { pool, name in
            let slow = Task { try await pool.query(Statement("", "SELECT 7, pg_sleep(0.2)")) }
            try await eventually("the statement runs") {
                try await sessions(pool, named: name, where: "query LIKE '%pg_sleep(0.2)%' AND state = 'active'") >= 1
            }
            await pool.shutdown()
            let answer5 = try await slow.value[0].int32(0)
            #expect(answer5 == 7)
            await expectFault(.shutDown) { _ = try await pool.query(Statement("", "SELECT 1")) }
            await expectFault(.shutDown) { try await pool.withTransaction { _ in } }
            await pool.shutdown()
        }
    }

    @Test func releasedPoolClosesConnections() async throws {
        try await withTestPool { observer, name in
            let other = "\(name)-other"
            var pool: PostgresPool? = PostgresPool(
                configuration: PostgresConfiguration(
                    connectionString: try await testConnectionString(),
                    applicationName: other
                ),
                logger: quiet
            )
            _ = try await pool?.query(Statement("", "SELECT 1"))
            pool = nil
            try await eventually("the connections are closed") { try await sessions(observer, named: other) == 0 }
        }
    }

    /// Waits until so many callers are in the pool's queue.
    private func waiters(_ pool: PostgresPool, _ count: Int) async throws {
        let engine = pool.engine
        try await eventually("\(count) callers wait") {
            await withCheckedContinuation { continuation in
                let accepted = engine.loop.submit {
                    continuation.resume(
                        returning: engine.machine.statements.count + engine.machine.borrowers.count == count
                    )
                }
                if !accepted { continuation.resume(returning: false) }
            }
        }
    }
}

private final class Order: Sendable {
    private let list = Mutex<[Int]>([])
    func append(_ number: Int) { list.withLock { $0.append(number) } }
    var numbers: [Int] { list.withLock { $0 } }
}
