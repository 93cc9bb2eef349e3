import Logging
package import Postgres

/// A database of a test's own, dropped when the test ends.
package struct TestDatabase: Sendable {
    /// Its name in the cluster.
    package let name: String
    /// What libpq takes to reach it.
    package let connectionString: String
    /// Connections to it, as many as the test asked for.
    package let pool: PostgresPool
}

/// Runs a test with a migrated database of its own.
///
/// A clone of a template that is migrated once per process; costs about 0.1 s. At most eight are open at a time, the
/// others wait in line, so do not open a second one inside the body.
package func withTestDatabase<Value: Sendable>(
    connections: Int = 8,
    isolation: isolated (any Actor)? = #isolation,
    _ body: (TestDatabase) async throws -> Value
) async throws -> Value {
    try await withDatabase(of: .migrated, connections: connections, isolation: isolation, body)
}

/// Runs a test with an empty database of its own: nothing of ours is in it, only the cluster's roles.
package func withEmptyDatabase<Value: Sendable>(
    connections: Int = 8,
    isolation: isolated (any Actor)? = #isolation,
    _ body: (TestDatabase) async throws -> Value
) async throws -> Value {
    try await withDatabase(of: .empty, connections: connections, isolation: isolation, body)
}

/// How to reach the cluster's own database, for tests that leave nothing in it.
package func serverConnectionString() async throws -> String {
    try await TestServer.shared().connectionString(database: "postgres")
}

private func withDatabase<Value: Sendable>(
    of origin: TestServer.Origin,
    connections: Int,
    isolation: isolated (any Actor)?,
    _ body: (TestDatabase) async throws -> Value
) async throws -> Value {
    try await TestServer.gate.withPlace(isolation: isolation) {
        let server = try await TestServer.shared()
        let name = try await server.create(origin)
        let connectionString = server.connectionString(database: name)
        let pool = PostgresPool(
            configuration: PostgresConfiguration(
                connectionString: connectionString,
                applicationName: "switchyard tests"
            ),
            maximumConnections: connections,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        )
        let outcome: Result<Value, any Error>
        do {
            outcome = .success(
                try await body(TestDatabase(name: name, connectionString: connectionString, pool: pool))
            )
        } catch {
            outcome = .failure(error)
        }
        // In a task of its own, so that a cancelled test tidies up too.
        await Task {
            await pool.shutdown()
            await server.drop(name)
        }
        .value
        return try outcome.get()
    }
}
