import ArgumentParser
import Postgres

/// Measures routing in the database: ours, the step-by-step flow and a raw insert, in turn within one run.
///
/// Run through `script/bench`, which starts a durable PostgreSQL of its own. Figures on a shared machine wander; read the
/// ratios, which are taken round by round.
struct RoutingBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "routing")

    @OptionGroup var target: BenchmarkTarget

    @Option(help: "How often each case is measured, in turn.")
    var rounds = 5

    @Option(help: "Seconds for each measurement.")
    var seconds = 4.0

    @Option(help: "Leads in a batch, separated by commas.")
    var batches = "500,2000"

    @Option(help: "Clients that send batches.")
    var clients = 2

    @Option(help: "Clients of the step-by-step flow.")
    var stepClients = 32

    func run() async throws {
        let sizes = batches.split(separator: ",").compactMap { Int($0) }
        guard let first = sizes.first else { throw ValidationError("No size of batches.") }
        let (pool, world) = try await target.open(connections: max(clients * 2, stepClients) + 2)
        var cases: [any BenchmarkCase] = []
        for size in sizes {
            cases.append(SetBasedIngest(world: world, batch: size, clients: clients))
            cases.append(RawInsert(world: world, batch: size, clients: clients))
        }
        cases.append(try await CappedIngest(world: world, batch: first, clients: clients))
        cases.append(StepByStep(world: world, clients: stepClients))

        // The first round warms caches and plans up, is counted, and is not timed.
        var counters: [WorkCounters?] = []
        for item in cases {
            let (measured, counted) = try await pool.counting { try await item.measure(seconds: seconds / 4) }
            counters.append(counted?.per(measured.leads))
        }
        var measured: [[Measurement]] = []
        for _ in 0..<rounds {
            var figures: [Measurement] = []
            for item in cases { figures.append(try await item.measure(seconds: seconds)) }
            measured.append(figures)
        }
        printRates(cases, measured, counters)
        // Each pair, the capped case against the first, and the first against the step-by-step flow.
        for place in sizes.indices {
            printRatio(
                "\(cases[place * 2].name), against \(cases[place * 2 + 1].name)",
                measured,
                place * 2,
                place * 2 + 1
            )
        }
        printRatio("\(cases[cases.count - 2].name), against \(cases[0].name)", measured, cases.count - 2, 0)
        printRatio("\(cases[0].name), against \(cases[cases.count - 1].name)", measured, 0, cases.count - 1)
        await pool.shutdown()
    }

    private func printRates(_ cases: [any BenchmarkCase], _ measured: [[Measurement]], _ counters: [WorkCounters?]) {
        print(
            Report.head([
                "case", "leads/s, median of \(measured.count)", "min … max", "processor µs", "statements", "commits",
                "WAL bytes",
                "row versions", "rows locked or deleted", "index entries",
            ])
        )
        for (place, item) in cases.enumerated() {
            let rates = measured.map { $0[place].rate }.sorted()
            let counts =
                counters[place]
                .map {
                    [
                        Report.short($0.statements), Report.short($0.commits), Report.whole($0.walBytes),
                        Report.short($0.rowVersions), Report.short($0.marks), Report.short($0.indexEntries),
                    ]
                } ?? Array(repeating: "–", count: 6)
            print(
                Report.row(
                    [
                        item.name, Report.whole(Report.median(rates)),
                        "\(Report.whole(rates.first ?? 0)) … \(Report.whole(rates.last ?? 0))",
                        Report.whole(Report.median(measured.map { $0[place].cost })),
                    ] + counts
                )
            )
        }
        print("")
        print(Report.head(["compared, round by round", "median", "min … max", "by processor time"]))
    }

    private func printRatio(_ name: String, _ measured: [[Measurement]], _ one: Int, _ other: Int) {
        let ratios = measured.map { $0[one].rate / $0[other].rate }.sorted()
        let range = "\(Report.short(ratios.first ?? 0)) … \(Report.short(ratios.last ?? 0))"
        let costs = Report.median(measured.map { $0[other].cost / $0[one].cost })
        print(Report.row([name, Report.short(Report.median(ratios)) + " ×", range, Report.short(costs) + " ×"]))
    }
}
