import ArgumentParser
import LeadStore
import Logging
import Postgres

/// The benchmarks; `script/bench` runs them.
@main
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        subcommands: [RoutingBench.self, RulesBench.self],
        defaultSubcommand: RoutingBench.self
    )
}

/// Measures routing in the database: ours, the step-by-step flow and a raw insert, in turn within one run.
///
/// Run through `script/bench`, which starts a durable PostgreSQL of its own and measures HTTP as well. Figures on a
/// shared machine wander; read the ratios, which are taken round by round.
struct RoutingBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "routing")

    @Option(help: "A database that may be filled with junk.")
    var databaseURL: String

    @Option(help: "How often each case is measured, in turn.")
    var rounds = 5

    @Option(help: "Seconds for each measurement.")
    var seconds = 4.0

    @Option(help: "Leads in a batch.")
    var batch = 500

    @Option(help: "Clients that send batches.")
    var clients = 2

    @Option(help: "Clients of the step-by-step flow.")
    var stepClients = 32

    func run() async throws {
        let connections = max(clients * 2, stepClients) + 2
        let pool = PostgresPool(
            configuration: PostgresConfiguration(connectionString: databaseURL, applicationName: "bench"),
            maximumConnections: connections,
            logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
        )
        try await Migrator(migrations: SchemaMigrations.all, pool: pool).up()
        let world = try await BenchmarkWorld.make(pool)
        let cases: [any BenchmarkCase] = [
            SetBasedIngest(world: world, batch: batch, clients: clients),
            try await CappedIngest(world: world, batch: batch, clients: clients),
            RawInsert(world: world, batch: batch, clients: clients),
            StepByStep(world: world, clients: stepClients),
        ]
        var report = Report(cases: cases.map(\.name))
        for round in 0..<(rounds + 1) {
            var figures: [Measurement] = []
            for item in cases {
                // The first round warms caches and plans up, and is not counted.
                figures.append(try await item.measure(seconds: round == 0 ? seconds / 4 : seconds))
            }
            if round > 0 { report.add(figures) }
        }
        report.print(batch: batch, clients: clients, stepClients: stepClients)
        await pool.shutdown()
    }
}
