import Testing

@testable import Postgres

struct CancellationTests {
    @Test func cancellationReachesServer() async throws {
        try await withTestPool { pool, name in
            let task = Task { try await pool.query(Statement("", "SELECT pg_sleep(61)")) }
            try await sleeping(pool, name, 1)
            task.cancel()
            await expectFault(.cancelled) { _ = try await task.value }
            let left = try await sessions(pool, named: name, where: Self.isSleeping)
            #expect(left == 0)
        }
    }

    @Test func timeLimitReachesServer() async throws {
        try await withTestPool { pool, name in
            await expectFault(.timeout) {
                _ = try await pool.query(Statement("", "SELECT pg_sleep(61)"), timeout: .milliseconds(50))
            }
            let left = try await sessions(pool, named: name, where: Self.isSleeping)
            #expect(left == 0)
            try await pool.withConnection { connection in
                await expectFault(.timeout) {
                    _ = try await connection.query(Statement("", "SELECT pg_sleep(61)"), timeout: .milliseconds(50))
                }
                // The same connection is still usable.
                let one = try await connection.query(Statement("", "SELECT 1"))
                #expect(one.count == 1)
            }
        }
    }

    @Test func serverEnforcesStatementTimeout() async throws {
        try await withTestPool {
            $0.statementTimeout = .milliseconds(50)
        } _: { pool, _ in
            await expectFault(.server, "57014") { _ = try await pool.query(Statement("", "SELECT pg_sleep(61)")) }
        }
    }

    @Test func cancelledTaskSendsNothing() async throws {
        try await withTestPool { pool, _ in
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                _ = try await pool.query(Statement("", "SELECT 1"))
            }
            await expectFault(.cancelled) { try await task.value }
        }
    }

    @Test func cancellationHitsOnlyItsStatement() async throws {
        try await withTestPool(maximumConnections: 1) { pool, name in
            _ = try await pool.query(Statement("", "SELECT 1"))
            for _ in 0..<20 {
                let first = Task { try await pool.query(Statement("", "SELECT pg_sleep(61)")) }
                try await underWay(pool, 1)
                let others = (0..<10)
                    .map { number in Task { try await pool.query(Statement("number", "SELECT \(number)")) } }
                try await underWay(pool, 11)
                first.cancel()
                await expectFault(.cancelled) { _ = try await first.value }
                for other in others {
                    let count = try await other.value.count
                    #expect(count == 1)
                }
            }
        }
    }

    @Test func manyCancellationsHitNoOtherStatement() async throws {
        try await withTestPool(maximumConnections: 2) { pool, _ in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        for _ in 0..<50 {
                            let cancelled = Task { try await pool.query(Statement("", "SELECT pg_sleep(0.002)")) }
                            cancelled.cancel()
                            _ = try? await cancelled.value
                        }
                    }
                    group.addTask {
                        for _ in 0..<200 {
                            let rows = try await pool.query(Statement("innocent", "SELECT 1"))
                            #expect(rows.count == 1)
                        }
                    }
                    group.addTask {
                        for number in 0..<50 {
                            let cancelled = Task {
                                try await pool.query(
                                    Statement("", "SELECT pg_sleep(0.001)"),
                                    timeout: .microseconds(number * 50)
                                )
                            }
                            _ = try? await cancelled.value
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    private static let isSleeping = "query LIKE 'SELECT pg_sleep(61)%' AND state = 'active'"

    private func sleeping(_ pool: PostgresPool, _ name: String, _ count: Int) async throws {
        try await eventually("the statement runs") {
            try await sessions(pool, named: name, where: Self.isSleeping) == count
        }
    }

    /// Waits until so many requests are on the pool's connections.
    private func underWay(_ pool: PostgresPool, _ count: Int) async throws {
        let engine = pool.engine
        try await eventually("\(count) requests are under way") {
            await withCheckedContinuation { continuation in
                let accepted = engine.loop.submit {
                    continuation.resume(returning: engine.sessions.values.map(\.pending.count).reduce(0, +) == count)
                }
                if !accepted { continuation.resume(returning: false) }
            }
        }
    }
}
