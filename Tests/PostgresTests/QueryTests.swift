import Synchronization
import Testing

@testable import Postgres

struct QueryTests {
    @Test func manyTasksShareOneConnection() async throws {
        try await withTestPool(maximumConnections: 1) { pool, name in
            let statement = Statement("twice", "SELECT $1::int8 * 2")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<64 {
                    group.addTask {
                        for step in 0..<50 {
                            var parameters = Parameters()
                            parameters.append(Int64(task * 1000 + step))
                            let answer = try await pool.query(statement, parameters)[0].int64(0)
                            #expect(answer == Int64(task * 1000 + step) * 2)
                        }
                    }
                }
                try await group.waitForAll()
            }
            let answer2 = try await sessions(pool, named: name)
            #expect(answer2 == 1)
        }
    }

    @Test func failingStatementDoesNotAffectOthers() async throws {
        try await withTestPool(maximumConnections: 1) { pool, _ in
            let good = Statement("good", "SELECT $1::int4")
            let divide = Statement("divide", "SELECT 1 / $1::int4")
            let broken = Statement("broken", "SELEKT $1::int4")
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<90 {
                    group.addTask {
                        var parameters = Parameters()
                        parameters.append(Int32(number % 3 == 0 ? number : 0))
                        switch number % 3 {
                        case 0: #expect((try? await pool.query(good, parameters)[0].int32(0)) == Int32(number))
                        case 1: await expectFault(.server, "22012") { _ = try await pool.query(divide, parameters) }
                        default: await expectFault(.server, "42601") { _ = try await pool.query(broken, parameters) }
                        }
                    }
                }
            }
            let answer3 = try await pool.query(Statement("", "SELECT 1")).count
            #expect(answer3 == 1)
        }
    }

    @Test func statementNamesIncludeTheText() async throws {
        try await withTestPool(maximumConnections: 1) { pool, _ in
            for number in [1, 2, 1, 3] {
                let answer4 = try await pool.query(Statement("same", "SELECT \(number)"))[0].int32(0)
                #expect(answer4 == Int32(number))
            }
            var text = Parameters()
            text.append("x")
            var number = Parameters()
            number.append(Int32(7))
            let statement = Statement("typed", "SELECT pg_typeof($1)::text")
            let answer5 = try await pool.query(statement, text)[0].string(0)
            #expect(answer5 == "text")
            let answer6 = try await pool.query(statement, number)[0].string(0)
            #expect(answer6 == "integer")
        }
    }

    @Test func changedTablePreparesAgain() async throws {
        try await withTestPool(maximumConnections: 1) { pool, name in
            let table = "\"\(name)\""
            _ = try await pool.query(Statement("", "CREATE TABLE \(table) AS SELECT 1 AS a"))
            let select = Statement("changing", "SELECT * FROM \(table)")
            let answer7 = try await pool.query(select)[0].int32(0)
            #expect(answer7 == 1)
            _ = try await pool.query(Statement("", "ALTER TABLE \(table) ADD b int DEFAULT 2"))
            let answer8 = try await pool.query(select)[0].int32(1)
            #expect(answer8 == 2)
            _ = try await pool.query(Statement("", "DEALLOCATE ALL"))
            let answer9 = try await pool.query(select)[0].int32(1)
            #expect(answer9 == 2)
            _ = try await pool.query(Statement("", "DROP TABLE \(table)"))
            await expectFault(.server, "42P01") { _ = try await pool.query(select) }
        }
    }

    @Test func tooManyParametersAreRefused() async throws {
        try await withTestPool(maximumConnections: 1) { pool, _ in
            var parameters = Parameters()
            for _ in 0..<70_000 { parameters.append(true) }
            let many = parameters
            await expectFault(.configuration) { _ = try await pool.query(Statement("many", "SELECT 1"), many) }
            let answer10 = try await pool.query(Statement("one", "SELECT 1")).count
            #expect(answer10 == 1)
        }
    }

    @Test func largeValuesRoundTrip() async throws {
        try await withTestPool(maximumConnections: 1) { pool, _ in
            let large = String(repeating: "0123456789abcdef", count: 1 << 18)
            var parameters = Parameters()
            parameters.append(large)
            let sent = parameters
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        let rows = try await pool.query(Statement("large", "SELECT $1::text, length($1)"), sent)
                        #expect(try rows[0].string(0) == large)
                        #expect(try rows[0].int32(1) == 1 << 22)
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func multipleCommandsAnswerEach() async throws {
        try await withTestPool { pool, _ in
            let rows = try await pool.simple("SELECT 1, 'a'; SELECT generate_series(1, 3); SELECT true")
            #expect(rows.map(\.count) == [1, 3, 1])
            #expect(try rows[0][0].int32(0) == 1)
            #expect(try rows[0][0].string(0) == "1")
            #expect(try rows[0][0].string(1) == "a")
            #expect(try rows[2][0].bool(0))
            await expectFault(.server, "22012") { _ = try await pool.simple("SELECT 1; SELECT 1 / 0; SELECT 2") }
            await expectFault(.configuration) { _ = try await pool.simple("COPY (SELECT 1) TO STDOUT") }
            let answer14 = try await pool.simple("").count
            #expect(answer14 == 1)
        }
    }

    @Test func sessionsSetTimeouts() async throws {
        try await withTestPool {
            $0.statementTimeout = .milliseconds(12_345)
            $0.lockTimeout = .zero
            $0.idleInTransactionTimeout = .seconds(77)
        } _: { pool, name in
            let names = [
                "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "TimeZone",
                "client_encoding", "application_name",
            ]
            let sql = "SELECT " + names.map { "current_setting('\($0)')" }.joined(separator: ", ")
            let row = try #require(try await pool.query(Statement("", sql)).first)
            #expect(try (0..<6).map { try row.string($0) } == ["12345ms", "0", "77s", "UTC", "UTF8", name])
        }
    }

    @Test func manyQueriesLeakNothing() async throws {
        try await withTestPool { pool, _ in
            let statement = Statement("leak", "SELECT repeat('x', 100)")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<20 {
                    group.addTask { for _ in 0..<500 { _ = try await pool.query(statement) } }
                }
                try await group.waitForAll()
            }
            #if DEBUG
            // Other tests hold results at the same time, but not thousands.
            #expect(ResultSet.alive.load(ordering: .relaxed) < 2000)
            #endif
        }
    }

    @Test func serverErrorsNameObjectsAndHideValues() async throws {
        try await withTestPool { pool, name in
            try await pool.withConnection { connection in
                _ = try await connection.simple(
                    """
                    CREATE TEMP TABLE people (email text CONSTRAINT people_email UNIQUE, age int NOT NULL CHECK (age > 0));
                    INSERT INTO people VALUES ('jane@example.com', 5)
                    """
                )
                let insert = Statement("insert_person", "INSERT INTO people VALUES ($1, $2)")
                for (age, state) in [(5, "23505"), (nil, "23502"), (-7, "23514")] as [(Int32?, String)] {
                    var parameters = Parameters()
                    parameters.append("jane@example.com")
                    parameters.append(age)
                    let sent = parameters
                    let error = await expectFault(.server, state) { _ = try await connection.query(insert, sent) }
                    let texts = [error?.description ?? "", String(reflecting: error)]
                    for text in texts { #expect(!text.contains("jane") && !text.contains("-7"), "\(text)") }
                    #expect(error?.table == "people")
                    #expect(error?.statement == "insert_person")
                    if state == "23505" { #expect(error?.constraint == "people_email") }
                    if state == "23502" { #expect(error?.column == "age") }
                }
            }
            var parameters = Parameters()
            parameters.append("jane@example.com")
            let sent = parameters
            let cast = await expectFault(.server, "22P02") {
                _ = try await pool.query(Statement("", "SELECT $1::text::uuid"), sent)
            }
            #expect(cast.map { !String(reflecting: $0).contains("jane") } == true)
            await expectFault(.server, "22021") {
                var parameters = Parameters()
                parameters.append("a\0b")
                _ = try await pool.query(Statement("", "SELECT $1::text"), parameters)
            }
        }
    }
}
