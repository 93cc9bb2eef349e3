import Logging
package import Postgres
import Synchronization

/// A database that belongs to an ordinary role, as an installation's does.
package struct OwnedDatabase: Sendable {
    /// The owner: no superuser, and subject to row-level security.
    package let owner: String
    /// The connection string for libpq, as the owner.
    package let connectionString: String
    /// Connections of the owner.
    package let pool: PostgresPool
    /// Connections of a superuser to the same database.
    package let administrator: PostgresPool
}

private let ownerCount = Atomic(0)

/// Runs a test with its own empty database, which belongs to a role of its own with `CREATEROLE` and `CREATEDB`.
///
/// An administrator has made the owner a member of `anon`, `authenticated` and `service_role`. No session is connected to
/// the database until the test uses it. Takes about 0.2 s.
package func withOwnedDatabase<Value: Sendable>(
    isolation: isolated (any Actor)? = #isolation,
    _ body: (OwnedDatabase) async throws -> Value
) async throws -> Value {
    let owner = "switchyard_owner_\(ThrowawayDirectory.process)_\(ownerCount.add(1, ordering: .relaxed).newValue)"
    let server = pool(try await serverConnectionString())
    let result: Result<Value, any Error>
    do {
        _ = try await server.simple(
            """
            DO $$ DECLARE v_role text; BEGIN
                FOREACH v_role IN ARRAY ARRAY['anon', 'authenticated', 'service_role'] LOOP
                    BEGIN EXECUTE format('CREATE ROLE %I NOLOGIN NOINHERIT', v_role);
                    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END;
                END LOOP;
            END $$;
            CREATE ROLE \(owner) LOGIN PASSWORD 'owner' CREATEROLE CREATEDB;
            GRANT anon, authenticated, service_role TO \(owner)
            """
        )
        result = .success(
            try await withEmptyDatabase(isolation: isolation) { database in
                _ = try await server.simple("ALTER DATABASE \(database.name) OWNER TO \(owner)")
                let text = database.connectionString
                let connectionString =
                    text.contains("://")
                    ? "\(text)&user=\(owner)&password=owner" : "\(text) user=\(owner) password=owner"
                let owned = OwnedDatabase(
                    owner: owner,
                    connectionString: connectionString,
                    pool: pool(connectionString),
                    administrator: database.pool
                )
                let result: Result<Value, any Error>
                do {
                    result = .success(try await body(owned))
                } catch {
                    result = .failure(error)
                }
                await Task { await owned.pool.shutdown() }.value
                return try result.get()
            }
        )
    } catch {
        result = .failure(error)
    }
    // In its own task, so that a cancelled test is cleaned up too. The database, and what the owner had in it, is gone.
    await Task {
        _ = try? await server.simple("DROP ROLE IF EXISTS \(owner)")
        await server.shutdown()
    }
    .value
    return try result.get()
}

private func pool(_ connectionString: String) -> PostgresPool {
    PostgresPool(
        configuration: PostgresConfiguration(connectionString: connectionString, applicationName: "switchyard tests"),
        maximumConnections: 3,
        logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    )
}
