import FoundationEssentials
import Logging
import Postgres
import TestDatabase
import Testing

/// The server's own database, shared by these tests: they use temporary objects and unique names.
func testConnectionString() async throws -> String { try await serverConnectionString() }

/// Runs a test with its own pool, and a name that identifies the pool's sessions in `pg_stat_activity`.
@discardableResult
func withTestPool<T: Sendable>(
    maximumConnections: Int = 4,
    maximumWaiters: Int = 1024,
    configure: (inout PostgresConfiguration) -> Void = { _ in },
    _ body: (PostgresPool, String) async throws -> T
) async throws -> T {
    let name = "test-\(UUID().uuidString.prefix(13))"
    var configuration = PostgresConfiguration(connectionString: try await testConnectionString(), applicationName: name)
    configure(&configuration)
    let pool = PostgresPool(
        configuration: configuration,
        maximumConnections: maximumConnections,
        maximumWaiters: maximumWaiters,
        logger: quiet
    )
    do {
        let value = try await body(pool, name)
        await pool.shutdown()
        return value
    } catch {
        await pool.shutdown()
        throw error
    }
}

/// A logger without output.
let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// Repeats a query until it returns true, at most for twenty seconds, without sleeping.
func eventually(_ what: Comment, _ isTrue: () async throws -> Bool) async throws {
    let end = ContinuousClock.now + .seconds(20)
    while ContinuousClock.now < end {
        if try await isTrue() { return }
        await Task.yield()
    }
    Issue.record(what)
}

/// How many sessions of that name are doing something that matches a condition on `pg_stat_activity`.
func sessions(_ pool: PostgresPool, named name: String, where condition: String = "true") async throws -> Int {
    var parameters = Parameters()
    parameters.append(name)
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND (\(condition))"
    return try await Int(pool.query(Statement("", sql), parameters)[0].int64(0))
}

/// Expects an error of a kind, and returns it.
@discardableResult
func expectFault(
    _ code: PostgresError.Code,
    _ sqlState: String? = nil,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Void
) async -> PostgresError? {
    do {
        try await body()
        Issue.record("expected \(code), but nothing was thrown", sourceLocation: sourceLocation)
    } catch let error as PostgresError {
        #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
        if let sqlState { #expect(error.sqlState == sqlState, "\(error)", sourceLocation: sourceLocation) }
        return error
    } catch {
        Issue.record("expected \(code), got \(error)", sourceLocation: sourceLocation)
    }
    return nil
}
