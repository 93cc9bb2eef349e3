import ArgumentParser
import LeadStore
import Logging
import Postgres

/// The database figure that the HTTP server is held against: set-based ingest by batches, one line of JSON.
struct IngestRate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "ingest")

    @Option(help: "A database that may be filled with junk.")
    var databaseURL: String

    @Option(help: "Seconds to measure.")
    var seconds = 4.0

    @Option(help: "Leads in a batch.")
    var batch = 500

    @Option(help: "Clients that send batches.")
    var clients = 2

    func run() async throws {
        let pool = PostgresPool(
            configuration: PostgresConfiguration(connectionString: databaseURL, applicationName: "bench"),
            maximumConnections: clients * 2 + 2,
            logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
        )
        try await Migrator(migrations: SchemaMigrations.all, pool: pool).up()
        let ingest = SetBasedIngest(world: try await BenchmarkWorld.make(pool), batch: batch, clients: clients)
        // Warms caches and plans up.
        _ = try await ingest.measure(seconds: min(1, seconds / 4))
        let figures = try await ingest.measure(seconds: seconds)
        print(#"{"perSecond":\#(figures.rate.rounded()),"processorMicros":\#(figures.cost.rounded())}"#)
        await pool.shutdown()
    }
}
