import ArgumentParser
import FoundationEssentials
import LeadRouting
import LeadStore
import Postgres
import RoutingRules
import Synchronization

/// Half an hour of everything at once: leads at a constant rate, retries, expiry, dashboards, statistics, autovacuum.
///
/// Leads arrive in batches by the clock, whether or not the one before is done, and their time is counted from when they
/// were due. Once a minute comes a burst of as much as goes for some seconds: what is left of the machine's capacity. Statistics
/// are gathered once a minute, when the burst begins: so each has that work in it, and none has it twice.
///
/// There are leads before the first minute: a database that was empty would slow down by what it grows, which `filled` measures.
/// And the load has run for some minutes: gathering looks at the last five, and autovacuum has nothing to do at first.
struct SteadyBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "steady")

    @OptionGroup var target: BenchmarkTarget

    @Option(help: "How long.")
    var minutes = 30.0

    @Option(help: "Minutes of the same load before the first that counts.")
    var warmUp = 5

    @Option(help: "Leads that are there already; three log rows each.")
    var leads = 10_000_000

    @Option(help: "Leads a second.")
    var rate = 2000

    @Option(help: "Leads in a batch of the constant load.")
    var batch = 100

    @Option(help: "Seconds of a burst, once a minute.")
    var burst = 10.0

    @Option(help: "Of a thousand leads, how many are to be tried again later.")
    var retries = 50

    func run() async throws {
        let (pool, world) = try await target.open(connections: 16)
        try await world.stores.maintenance.setVacuumSettings()
        try await Filling(pool: pool, leads: leads).run()
        let load = SteadyLoad(world: world, rate: rate, batch: batch, retries: retries)
        var windows: [SteadyWindow] = []
        let background = Task { await load.runBackground() }
        let steady = Task { try await load.run() }
        let ingest = SetBasedIngest(world: world, batch: 500, clients: 2)
        let clock = ContinuousClock()
        let start = clock.now
        _ = try await ingest.measure(seconds: burst / 2)
        for minute in 1...warmUp + max(1, Int(minutes.rounded())) {
            load.resetLatencies()
            try await clock.sleep(until: start.advanced(by: .seconds(minute * 60) - .seconds(burst + 1)))
            let latencies = load.resetLatencies()
            async let gathered: Void = load.gatherStatistics()
            let capacity = try await ingest.measure(seconds: burst)
            await gathered
            let window = SteadyWindow(capacity: capacity, latencies: latencies, sizes: try await world.sizes())
            if minute > warmUp { windows.append(window) }
            note("minute \(minute - warmUp): \(window)")
        }
        steady.cancel()
        background.cancel()
        _ = await steady.result
        await background.value
        printTable(windows, counts: load.counts)
        await pool.shutdown()
    }

    private func printTable(_ windows: [SteadyWindow], counts: SteadyLoad.Counts) {
        let share = max(1, min(5, windows.count / 2))
        let (first, last) = (Array(windows.prefix(share)), Array(windows.suffix(share)))
        print(
            Report.head([
                "\(windows.count) minutes, \(Report.whole(Double(rate))) leads/s into \(Report.whole(Double(leads))) leads",
                "first \(share) minutes",
                "last \(share) minutes", "ratio",
            ])
        )
        for (name, value) in SteadyWindow.values {
            let (before, after) = (Report.median(first.map(value)), Report.median(last.map(value)))
            print(Report.row([name, Report.short(before), Report.short(after), Report.short(after / before) + " ×"]))
        }
        print(
            "\nMeanwhile: \(counts.sent) leads at the constant rate, \(counts.retried) retried, \(counts.expired) expired, "
                + "\(counts.dashboards) looks at health, queue, statistics and lists; errors: \(counts.errors)."
        )
    }
}

/// What a minute came to.
struct SteadyWindow: Sendable, CustomStringConvertible {
    let capacity: Measurement
    /// Milliseconds from when a batch was due to its commit.
    let latencies: [Double]
    let sizes: BenchmarkWorld.Sizes

    func quantile(_ share: Double) -> Double {
        let sorted = latencies.sorted()
        return sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
    }

    static let values: [(String, @Sendable (SteadyWindow) -> Double)] = [
        ("**capacity: leads/s in a burst**", { $0.capacity.rate }),
        ("processor µs/lead in a burst", { $0.capacity.cost }),
        ("p50 of a batch, ms", { $0.quantile(0.5) }), ("**p99 of a batch, ms**", { $0.quantile(0.99) }),
        ("queue with its indexes, MB", { $0.sizes.queueMegabytes }),
        ("dead rows of leads, thousands", { $0.sizes.deadLeads / 1000 }),
        ("leads with indexes, bytes a row", { $0.sizes.bytesPerLead }),
    ]

    var description: String {
        Self.values.map { "\($0.0) \(Report.short($0.1(self)))" }.joined(separator: ", ")
    }
}

extension BenchmarkWorld {
    /// How large tables are.
    struct Sizes: Sendable {
        var queueMegabytes = 0.0
        var deadLeads = 0.0
        var bytesPerLead = 0.0
    }

    func sizes() async throws -> Sizes {
        let rows = try await pool.simple(
            """
            SELECT (pg_total_relation_size('public.lead_routing_queue') / 1048576.0)::float8,
                (SELECT n_dead_tup FROM pg_stat_user_tables WHERE relid = 'public.leads'::regclass)::float8,
                (pg_total_relation_size('public.leads') / greatest((SELECT n_live_tup FROM pg_stat_user_tables
                    WHERE relid = 'public.leads'::regclass), 1))::float8
            """
        )
        guard let row = rows.last?.first else { return Sizes() }
        let numbers = try (0..<3).map { Double(try row.string($0)) ?? 0 }
        return Sizes(queueMegabytes: numbers[0], deadLeads: numbers[1], bytesPerLead: numbers[2])
    }
}
