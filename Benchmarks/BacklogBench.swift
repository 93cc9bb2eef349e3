import ArgumentParser
import Glibc
import Postgres

/// Claims and completes a backlog, beside ingest in the same database.
struct BacklogBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "backlog")

    @OptionGroup var target: BenchmarkTarget

    @Option(help: "Leads that wait.")
    var leads = 1_000_000

    @Option(help: "How many backlogs, one after the other.")
    var rounds = 5

    @Option(help: "Leads in a batch, arriving or claimed.")
    var batch = 500

    @Option(help: "Clients that send batches, and workers that claim them.")
    var clients = 2

    @Option(help: "Seconds that ingest is measured before and after each backlog.")
    var seconds = 4.0

    func run() async throws {
        let (pool, world) = try await target.open(connections: clients * 2 + 4)
        let ingest = SetBasedIngest(world: world, batch: batch, clients: clients)
        let backlog = Backlog(world: world, leads: leads, batch: batch, workers: clients)
        var rounds: [Round] = []
        _ = try await ingest.measure(seconds: seconds / 4)
        for number in 1...max(1, self.rounds) {
            try await backlog.fill()
            try await world.settleDown()
            let before = try await ingest.measure(seconds: seconds)
            let course = try await backlog.drain()
            let after = try await ingest.measure(seconds: seconds)
            let round = Round(ingest: [before, after], course: course)
            rounds.append(round)
            note("backlog \(number): \(round)")
        }
        printTable(rounds)
        await pool.shutdown()
    }

    private struct Round: CustomStringConvertible {
        let ingest: [Measurement]
        let course: Backlog.Course

        var ingestRate: Double { Report.median(ingest.map(\.rate)) }
        var ingestCost: Double { Report.median(ingest.map(\.cost)) }
        var description: String {
            let rates = course.tenths.map { Report.whole($0) }.joined(separator: " ")
            let costs = course.costs.map { Report.whole($0) }.joined(separator: " ")
            return
                "ingest \(Report.whole(ingestRate))/s, \(Report.whole(ingestCost)) µs; tenths \(rates)/s, \(costs) µs"
        }
    }

    private func printTable(_ rounds: [Round]) {
        let median = { (value: (Round) -> Double) in Report.median(rounds.map(value)) }
        let title = "backlog of \(Report.whole(Double(leads))) leads, batches of \(batch), \(clients) workers"
        print(Report.head([title, "leads/s, median of \(rounds.count)", "processor µs/lead"]))
        print(
            Report.row([
                "claimed, decided and completed", Report.whole(median { $0.course.rate }),
                Report.whole(median { $0.course.cost }),
            ])
        )
        print(
            Report.row([
                "ingest in the same database", Report.whole(median { $0.ingestRate }),
                Report.whole(median { $0.ingestCost }),
            ])
        )
        print(
            Report.row([
                "**against ingest**", "**\(Report.short(median { $0.course.rate / $0.ingestRate })) ×**",
                Report.short(median { $0.ingestCost / $0.course.cost }) + " ×",
            ])
        )
        print(
            Report.row([
                "first tenth", Report.whole(median { $0.course.tenths.first ?? 0 }),
                Report.whole(median { $0.course.costs.first ?? 0 }),
            ])
        )
        print(
            Report.row([
                "last tenth", Report.whole(median { $0.course.tenths.last ?? 0 }),
                Report.whole(median { $0.course.costs.last ?? 0 }),
            ])
        )
        print(
            Report.row([
                "**last tenth against the first**",
                "**\(Report.short(median { ($0.course.tenths.last ?? 0) / ($0.course.tenths.first ?? 1) })) ×**",
                Report.short(median { ($0.course.costs.first ?? 0) / ($0.course.costs.last ?? 1) }) + " ×",
            ])
        )
        let wal = median { $0.course.walBytes / Double($0.course.leads) }
        print("\nWrite-ahead log: \(Report.whole(wal)) bytes a lead.")
    }
}

/// Tells the person at the terminal how it goes; what is printed to standard output is the report.
func note(_ text: String) {
    _ = (text + "\n").withCString { write(STDERR_FILENO, $0, strlen($0)) }
}
