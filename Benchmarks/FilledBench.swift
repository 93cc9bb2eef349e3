import ArgumentParser
import FoundationEssentials
import LeadRouting
import LeadStore
import Postgres
import RoutingRules

/// Ingest and claims with ten million leads in the database, beside an empty one on the same server, in turn.
///
/// Each measurement of ingest begins right after a checkpoint, when every page that is changed is logged whole: in a large
/// database that is two or three pages for each lead, until most pages of the indexes of identities have had their turn. So
/// that weighs more here than in a server, whose checkpoints are minutes apart. The empty database is a new one each time.
struct FilledBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "filled")

    @OptionGroup var target: BenchmarkTarget

    @Option(help: "Leads that are there already; three log rows each.")
    var leads = 10_000_000

    @Option(help: "How often each case is measured, in turn.")
    var rounds = 5

    @Option(help: "Seconds for each measurement of ingest.")
    var seconds = 20.0

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
        var figures: [[Pair]] = Array(repeating: [], count: 3)
        try await warmUp(filled)
        for round in 0..<rounds {
            for (place, batch) in [500, 2000].enumerated() {
                let rates = try await inTurn(server, filled) { world in
                    _ = try await server.simple("CHECKPOINT")
                    let ingest = SetBasedIngest(world: world, batch: batch, clients: 2)
                    let measured = try await ingest.measure(seconds: seconds)
                    return Figures(rate: measured.rate, cost: measured.cost)
                }
                figures[place].append(rates)
            }
            let rates = try await inTurn(server, filled) { world in
                let backlog = Backlog(world: world, leads: self.backlog, batch: 500, workers: 2)
                try await backlog.fill()
                let course = try await backlog.drain()
                return Figures(rate: course.rate, cost: course.cost)
            }
            figures[2].append(rates)
            note("round \(round + 1) of \(rounds)")
        }
        printTable(figures)
        try await printDashboards(filled)
        await pool.shutdown()
        await server.shutdown()
    }

    /// Plans are made, and a few pages are in memory.
    private func warmUp(_ world: BenchmarkWorld) async throws {
        _ = try await SetBasedIngest(world: world, batch: 500, clients: 2).measure(seconds: 0.5)
    }

    /// Both databases twice, the second time in the other order: what a measurement leaves to do for PostgreSQL, such as
    /// statistics to be made of a table that was empty before, falls on whichever comes next.
    private func inTurn(
        _ server: PostgresPool,
        _ filled: BenchmarkWorld,
        _ measure: (BenchmarkWorld) async throws -> Figures
    ) async throws -> Pair {
        let (first, second) = (try await inEmpty(server, measure), try await measure(filled))
        let (third, fourth) = (try await measure(filled), try await inEmpty(server, measure))
        return Pair(empty: first.mean(fourth), filled: second.mean(third))
    }

    private func inEmpty(
        _ server: PostgresPool,
        _ measure: (BenchmarkWorld) async throws -> Figures
    ) async throws -> Figures {
        _ = try await server.simple("DROP DATABASE IF EXISTS bench_empty WITH (FORCE)")
        _ = try await server.simple("CREATE DATABASE bench_empty")
        let (pool, world) = try await target.open(database: "bench_empty", connections: 10)
        try await warmUp(world)
        let figures = try await measure(world)
        await pool.shutdown()
        return figures
    }

    /// Leads a second, and processor time for a lead.
    private struct Figures {
        let rate: Double
        let cost: Double

        func mean(_ other: Figures) -> Figures {
            Figures(rate: (rate + other.rate) / 2, cost: (cost + other.cost) / 2)
        }
    }

    /// One case in both databases.
    private struct Pair {
        let empty: Figures
        let filled: Figures

        var ratio: Double { filled.rate / empty.rate }
        /// By processor time: what is left when the machine is shared with others.
        var costRatio: Double { empty.cost / filled.cost }
    }

    private func printTable(_ figures: [[Pair]]) {
        print(
            Report.head([
                "leads/s, median of \(rounds)", "empty database", "\(Report.whole(Double(leads))) leads",
                "ratio, round by round", "by processor time", "each round",
            ])
        )
        let names = [
            "ingest, batches of 500, 2 clients", "ingest, batches of 2000, 2 clients",
            "claiming and completing \(Report.whole(Double(backlog))) leads, 2 workers",
        ]
        for (name, rounds) in zip(names, figures) {
            print(
                Report.row([
                    name, Report.whole(Report.median(rounds.map(\.empty.rate))),
                    Report.whole(Report.median(rounds.map(\.filled.rate))),
                    "**\(Report.short(Report.median(rounds.map(\.ratio)))) ×**",
                    "\(Report.short(Report.median(rounds.map(\.costRatio)))) ×",
                    rounds.map { "\(Report.short($0.ratio)) (\(Report.short($0.costRatio)))" }.joined(separator: ", "),
                ])
            )
        }
        print("")
    }

    private func printDashboards(_ world: BenchmarkWorld) async throws {
        let stores = world.stores
        let today = try await world.pool.simple("SELECT current_date, current_date - 30").last?.first
        let (to, from) = (try today?.string(0) ?? "", try today?.string(1) ?? "")
        var ofOne = LeadFilter()
        ofOne.workspaceID = world.workspaces.first
        var waiting = LeadFilter()
        waiting.status = .pending
        let (first, second) = (ofOne, waiting)
        let looks: [(String, () async throws -> Void)] = [
            ("health", { _ = try await stores.health.counts() }),
            ("metrics and alerts", { _ = try await stores.health.routingReading() }),
            (
                "leads of a workspace, first page",
                { _ = try await stores.leads.page(first, limit: 50, as: .administrator) }
            ),
            (
                "leads that wait, first page",
                { _ = try await stores.leads.page(second, limit: 50, as: .administrator) }
            ),
            (
                "statistics of 30 days by day",
                {
                    _ = try await stores.statistics.sums(
                        StatisticsQuery(from: from, to: to, grouping: .day),
                        as: .administrator
                    )
                }
            ),
            (
                "statistics of 30 days by place",
                {
                    _ = try await stores.statistics.sums(
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
