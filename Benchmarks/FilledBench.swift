import ArgumentParser
import FoundationEssentials
import LeadRouting
import LeadStore
import Postgres
import RoutingRules

/// Ingest and claims with ten million leads in the database, beside an empty one on the same server, in turn.
struct FilledBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "filled")

    @OptionGroup var target: BenchmarkTarget

    @Option(help: "Leads that are there already; three log rows each.")
    var leads = 10_000_000

    @Option(help: "How often each case is measured, in turn.")
    var rounds = 5

    @Option(help: "Seconds for each measurement.")
    var seconds = 4.0

    @Option(help: "Leads of a backlog.")
    var backlog = 50_000

    func run() async throws {
        let server = BenchmarkTarget.pool(target.databaseURL, connections: 2)
        let filledName = "bench_filled"
        let there = try await server.simple("SELECT 1 FROM pg_database WHERE datname = '\(filledName)'")
        if there.last?.isEmpty != false {
            _ = try await server.simple("CREATE DATABASE \(filledName)")
        }
        let (pool, filled) = try await target.open(database: filledName, connections: 10)
        try await Filling(pool: pool, leads: leads).run()
        var figures: [[(empty: Double, filled: Double)]] = Array(repeating: [], count: 3)
        for round in 0...rounds {
            _ = try await server.simple("DROP DATABASE IF EXISTS bench_empty WITH (FORCE)")
            _ = try await server.simple("CREATE DATABASE bench_empty")
            let (emptyPool, empty) = try await target.open(database: "bench_empty", connections: 10)
            for (place, batch) in [500, 2000].enumerated() {
                let rates = try await inTurn(round, empty, filled) { world in
                    try await SetBasedIngest(world: world, batch: batch, clients: 2).measure(seconds: seconds).rate
                }
                if round > 0 { figures[place].append(rates) }
            }
            let rates = try await inTurn(round, empty, filled) { world in
                let backlog = Backlog(world: world, leads: self.backlog, batch: 500, workers: 2)
                try await backlog.fill()
                return try await backlog.drain().rate
            }
            if round > 0 { figures[2].append(rates) }
            await emptyPool.shutdown()
        }
        printTable(figures)
        try await printDashboards(filled)
        await pool.shutdown()
        await server.shutdown()
    }

    /// Which comes first changes from round to round.
    private func inTurn(
        _ round: Int,
        _ empty: BenchmarkWorld,
        _ filled: BenchmarkWorld,
        _ measure: (BenchmarkWorld) async throws -> Double
    ) async throws -> (empty: Double, filled: Double) {
        if round.isMultiple(of: 2) {
            let first = try await measure(empty)
            return (first, try await measure(filled))
        }
        let first = try await measure(filled)
        return (try await measure(empty), first)
    }

    private func printTable(_ figures: [[(empty: Double, filled: Double)]]) {
        print(
            Report.head([
                "leads/s, median of \(rounds)", "empty database", "\(Report.whole(Double(leads))) leads",
                "ratio, round by round",
            ])
        )
        let names = [
            "ingest, batches of 500, 2 clients", "ingest, batches of 2000, 2 clients",
            "claiming and completing \(Report.whole(Double(backlog))) leads, 2 workers",
        ]
        for (name, rounds) in zip(names, figures) {
            print(
                Report.row([
                    name, Report.whole(Report.median(rounds.map(\.empty))),
                    Report.whole(Report.median(rounds.map(\.filled))),
                    "**\(Report.short(Report.median(rounds.map { $0.filled / $0.empty }))) ×**",
                ])
            )
        }
        print("")
    }

    private func printDashboards(_ world: BenchmarkWorld) async throws {
        let store = world.store
        let today = try await world.pool.simple("SELECT current_date, current_date - 30").last?.first
        let (to, from) = (try today?.string(0) ?? "", try today?.string(1) ?? "")
        var ofOne = LeadFilter()
        ofOne.workspaceID = world.workspaces.first
        var waiting = LeadFilter()
        waiting.status = .pending
        let (first, second) = (ofOne, waiting)
        let looks: [(String, () async throws -> Void)] = [
            ("health", { _ = try await store.health() }),
            ("metrics and alerts", { _ = try await store.routingReading() }),
            ("leads of a workspace, first page", { _ = try await store.leads(first, limit: 50, as: .administrator) }),
            ("leads that wait, first page", { _ = try await store.leads(second, limit: 50, as: .administrator) }),
            (
                "statistics of 30 days by day",
                {
                    _ = try await store.statistics(
                        StatisticsQuery(from: from, to: to, grouping: .day),
                        as: .administrator
                    )
                }
            ),
            (
                "statistics of 30 days by place",
                {
                    _ = try await store.statistics(
                        StatisticsQuery(from: from, to: to, grouping: .place),
                        as: .administrator
                    )
                }
            ),
        ]
        print(
            Report.head([
                "what people look at, with \(Report.whole(Double(leads))) leads", "median of 21, ms", "slowest, ms",
            ])
        )
        for (name, look) in looks {
            try await look()
            var times: [Double] = []
            for _ in 0..<21 {
                let start = ContinuousClock.now
                try await look()
                times.append((ContinuousClock.now - start) / .milliseconds(1))
            }
            print(Report.row([name, Report.short(Report.median(times)), Report.short(times.max() ?? 0)]))
        }
    }
}
