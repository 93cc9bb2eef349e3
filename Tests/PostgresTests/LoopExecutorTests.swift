import Glibc
import Testing

@testable import Postgres

/// Tasks that resume on the thread where answers arrive.
struct LoopExecutorTests {
    @Test func taskResumesOnTheLoop() async throws {
        try await withTestPool(maximumConnections: 2) { pool, _ in
            let threads = try await Task(executorPreference: pool.executor) {
                var threads: Set<UInt> = []
                for _ in 0..<20 {
                    _ = try await pool.query(Statement("one", "SELECT 1"))
                    threads.insert(thread())
                    _ = try await pool.withTransaction { try await $0.query(Statement("two", "SELECT 2")) }
                    threads.insert(thread())
                }
                return threads
            }
            .value
            #expect(threads.count == 1)
            let others = await Task { thread() }.value
            #expect(!threads.contains(others))
        }
    }

    /// Work submitted while a task computes on the loop is done after the task.
    @Test func tasksTakeTurns() async throws {
        try await withTestPool(maximumConnections: 2) { pool, _ in
            let sum = try await withThrowingTaskGroup(of: Int32.self) { group in
                for number in 0..<200 {
                    group.addTask(executorPreference: number % 2 == 0 ? pool.executor : nil) {
                        var parameters = Parameters()
                        parameters.append(Int32(number))
                        return try await pool.query(Statement("same", "SELECT $1::int"), parameters).first?.int32(0)
                            ?? 0
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(sum == 199 * 100)
        }
    }

    @Test func tasksMoveAfterShutdown() async throws {
        let pool = PostgresPool(
            configuration: .init(connectionString: "host=127.0.0.1 port=1"),
            maximumConnections: 1,
            logger: quiet
        )
        await pool.shutdown()
        await expectFault(.shutDown) {
            try await Task(executorPreference: pool.executor) {
                _ = try await pool.query(Statement("one", "SELECT 1"))
            }
            .value
        }
    }

    private func thread() -> UInt { UInt(bitPattern: Int(pthread_self())) }
}
