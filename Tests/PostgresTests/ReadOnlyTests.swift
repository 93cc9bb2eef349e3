import Testing

@testable import Postgres

/// A server that stops accepting writes: its connections are closed, in case another server accepts them.
struct ReadOnlyTests {
    /// The first session is read-only; new ones are not, as after a failover.
    @Test(arguments: [false, true])
    func refusedWriteReconnects(inTransaction: Bool) async throws {
        try await withTestPool(maximumConnections: 1) { pool, _ in
            _ = try await pool.query(Statement("", "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"))
            let write = {
                let statement = Statement("", "CREATE TEMPORARY SEQUENCE read_only_probe")
                if inTransaction {
                    try await pool.withTransaction { _ = try await $0.query(statement) }
                } else {
                    _ = try await pool.query(statement)
                }
            }
            let error = await #expect(throws: PostgresError.self) { try await write() }
            #expect(error?.sqlState == "25006")
            try await eventually("another session takes the write") { (try? await write()) != nil }
        }
    }

    @Test(arguments: [
        ("host=a,b", true), ("postgresql://a,b/leads", true), ("host=a", false),
        ("host=a,b target_session_attrs=any", false), ("host=a target_session_attrs=read-write", true),
        ("host=a,b target_session_attrs=primary", true), ("service=leads", false),
    ])
    func writableHostIsChosen(text: String, isWanted: Bool) {
        let configuration = PostgresConfiguration(connectionString: text)
        #expect(configuration.wantsWritableHost == isWanted)
        let attribute = configuration.libpqOptions.first { $0.0 == "target_session_attrs" }?.1
        #expect(attribute == configuration.options["target_session_attrs"] ?? (isWanted ? "read-write" : nil))
    }
}
