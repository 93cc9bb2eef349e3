import Testing

@testable import Postgres

struct TransactionTests {
    private struct Stop: Error {}

    @Test func bodyIsCommitted() async throws {
        try await withTable { pool, table in
            let count = try await pool.withTransaction { connection in
                _ = try await connection.query(Statement("", "INSERT INTO \(table) VALUES (1)"))
                _ = try await connection.query(Statement("", "INSERT INTO \(table) VALUES (2)"))
                return try await connection.query(Statement("", "SELECT * FROM \(table)")).count
            }
            #expect(count == 2)
            let seen = try await rows(pool, table)
            #expect(seen == 2)
        }
    }

    @Test func throwingBodyIsRolledBack() async throws {
        try await withTable { pool, table in
            await #expect(throws: Stop.self) {
                try await pool.withTransaction { connection in
                    _ = try await connection.query(Statement("", "INSERT INTO \(table) VALUES (1)"))
                    throw Stop()
                }
            }
            let seen = try await rows(pool, table)
            #expect(seen == 0)
        }
    }

    @Test func committingFailedTransactionThrows() async throws {
        try await withTable { pool, table in
            await expectFault(.server, "25P02") {
                try await pool.withTransaction { connection in
                    _ = try await connection.query(Statement("", "INSERT INTO \(table) VALUES (1)"))
                    _ = try? await connection.query(Statement("", "SELECT 1 / 0"))
                }
            }
            let seen = try await rows(pool, table)
            #expect(seen == 0)
        }
    }

    @Test func failedFirstStatementFailsTransaction() async throws {
        try await withTable { pool, table in
            await expectFault(.server, "25P02") {
                try await pool.withTransaction { connection in
                    _ = try? await connection.query(Statement("fails_first", "SELECT 1 / 0"))
                    _ = try await connection.query(Statement("", "INSERT INTO \(table) VALUES (1)"))
                }
            }
            let seen = try await rows(pool, table)
            #expect(seen == 0)
        }
    }

    @Test func commandTextRunsInTheTransaction() async throws {
        try await withTable { pool, table in
            await #expect(throws: Stop.self) {
                try await pool.withTransaction { connection in
                    _ = try await connection.simple("INSERT INTO \(table) VALUES (1); INSERT INTO \(table) VALUES (2)")
                    throw Stop()
                }
            }
            let seen = try await rows(pool, table)
            #expect(seen == 0)
        }
    }

    @Test func savepointsWork() async throws {
        try await withTable { pool, table in
            try await pool.withTransaction { connection in
                _ = try await connection.query(Statement("", "INSERT INTO \(table) VALUES (1)"))
                _ = try await connection.query(Statement("", "SAVEPOINT here"))
                _ = try? await connection.query(Statement("", "SELECT 1 / 0"))
                _ = try await connection.query(Statement("", "ROLLBACK TO SAVEPOINT here"))
                _ = try await connection.query(Statement("", "INSERT INTO \(table) VALUES (2)"))
            }
            let seen = try await rows(pool, table)
            #expect(seen == 2)
        }
    }

    @Test func emptyTransactionSendsNothing() async throws {
        try await withTestPool { pool, name in
            _ = try await pool.withTransaction { _ in 7 }
            let begun = try await sessions(pool, named: name, where: "query ~* '^(begin|commit)'")
            #expect(begun == 0)
        }
    }

    @Test func cancelledTaskRollsBack() async throws {
        try await withTable { pool, table in
            let task = Task {
                try await pool.withTransaction { connection in
                    _ = try await connection.query(Statement("", "INSERT INTO \(table) VALUES (1)"))
                    _ = try await connection.query(Statement("", "SELECT pg_sleep(60) AS \(table)"))
                }
            }
            try await eventually("the transaction sleeps") {
                let sql =
                    "SELECT 1 FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60) AS '||$1 AND state = 'active'"
                var parameters = Parameters()
                parameters.append(table)
                return try await pool.query(Statement("", sql), parameters).count == 1
            }
            task.cancel()
            await expectFault(.cancelled) { try await task.value }
            let seen = try await rows(pool, table)
            #expect(seen == 0)
        }
    }

    @Test func lostConnectionIsReported() async throws {
        try await withTable { pool, table in
            await expectFault(.connectionLost) {
                try await pool.withTransaction { connection in
                    let insert = Statement("", "INSERT INTO \(table) VALUES (1) RETURNING pg_backend_pid()")
                    var parameters = Parameters()
                    parameters.append(try await connection.query(insert)[0].int32(0))
                    _ = try await pool.query(Statement("", "SELECT pg_terminate_backend($1)"), parameters)
                    // COMMIT itself finds the closed connection.
                }
            }
            let seen = try await rows(pool, table)
            #expect(seen == 0)
        }
    }

    private func rows(_ pool: PostgresPool, _ table: String) async throws -> Int {
        try await pool.query(Statement("", "SELECT * FROM \(table)")).count
    }

    /// A table of this test only.
    private func withTable(_ body: (PostgresPool, String) async throws -> Void) async throws {
        try await withTestPool { pool, name in
            let table = "\"\(name)\""
            _ = try await pool.simple("CREATE TABLE \(table) (a int)")
            do {
                try await body(pool, table)
                _ = try await pool.simple("DROP TABLE \(table)")
            } catch {
                _ = try? await pool.simple("DROP TABLE \(table)")
                throw error
            }
        }
    }
}
