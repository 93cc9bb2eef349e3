import ArgumentParser
import LeadStore
import Logging
import Postgres

/// The database that a benchmark works on.
struct BenchmarkTarget: ParsableArguments {
    @Option(help: "A database that may be filled with junk.")
    var databaseURL: String

    /// Connects, migrates, and makes the world that leads come from.
    func open(database: String? = nil, connections: Int) async throws -> (PostgresPool, BenchmarkWorld) {
        let separator = databaseURL.contains("?") ? "&" : "?"
        let url = database.map { databaseURL + separator + "dbname=" + $0 } ?? databaseURL
        let pool = Self.pool(url, connections: connections)
        try await Migrator(migrations: SchemaMigrations.all, pool: pool).up()
        return (pool, try await BenchmarkWorld.make(pool))
    }

    static func pool(_ url: String, connections: Int) -> PostgresPool {
        PostgresPool(
            configuration: PostgresConfiguration(connectionString: url, applicationName: "bench"),
            maximumConnections: connections,
            logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
        )
    }
}
