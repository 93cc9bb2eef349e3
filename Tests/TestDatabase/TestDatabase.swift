import Logging
package import Postgres

/// A test's own database, dropped when the test ends.
package struct TestDatabase: Sendable {
    /// Its name in the cluster.
    package let name: String
    /// The connection string for libpq.
    package let connectionString: String
    /// Its connections, as many as the test requested.
    package let pool: PostgresPool
}

/// Runs a test with its own migrated database.
///
/// A clone of a template that is migrated once per process; takes about 0.1 s. At most eight are open at a time, and
/// other tests wait, so do not open a second one inside the body.
package func withTestDatabase<Value: Sendable>(
    connections: Int = 8,
    isolation: isolated (any Actor)? = #isolation,
    _ body: (TestDatabase) async throws -> Value
) async throws -> Value {
    try await withDatabase(of: .migrated, connections: connections, isolation: isolation, body)
}

/// Runs a test with its own empty database: it has no objects of Switchyard, only the cluster's roles.
package func withEmptyDatabase<Value: Sendable>(
    connections: Int = 8,
    isolation: isolated (any Actor)? = #isolation,
    _ body: (TestDatabase) async throws -> Value
) async throws -> Value {
    try await withDatabase(of: .empty, connections: connections, isolation: isolation, body)
}

/// The cluster's own database, for tests that leave nothing in it.
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
        // In its own task, so that a cancelled test is cleaned up too.
        await Task {
            await pool.shutdown()
            await server.drop(name)
        }
        .value
        return try outcome.get()
    }
}
