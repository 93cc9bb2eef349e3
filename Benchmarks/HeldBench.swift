import ArgumentParser
import FoundationEssentials
import LeadRouting
import LeadStore
import Postgres
import RoutingRules

/// Measures the cost of a transaction that stays open: vacuum removes no dead rows while it does.
///
/// One client sends decided batches; another sends batches that wait, and claims and completes them at once, so that the
/// queue is short and all that piles up is dead. First a minute without the transaction, then minutes with it.
struct HeldBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "held")

    @OptionGroup var target: BenchmarkTarget

    @Option(help: "How long the transaction is open.")
    var minutes = 10.0

    @Option(help: "Leads in a batch.")
    var batch = 500

    @Option(help: "Seconds of each figure.")
    var seconds = 30.0

    func run() async throws {
        let (pool, world) = try await target.open(connections: 10)
        let mix = MixedLoad(world: world, batch: batch)
        _ = try await mix.measure(seconds: seconds / 6)
        try await world.settleDown()
        let before = try await mix.measure(seconds: seconds)
        let held = try await pool.withConnection { connection in
            // Holds back the horizon of all transactions, as a forgotten session or a long report does; the own limit would end it.
            _ = try await connection.simple("SET idle_in_transaction_session_timeout = 0")
            _ = try await connection.simple("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT txid_current()")
            var figures: [MixedLoad.Figures] = []
            let end = ContinuousClock.now.advanced(by: .seconds(minutes * 60))
            repeat {
                figures.append(try await mix.measure(seconds: seconds))
                note("held \(figures.count): \(figures[figures.count - 1])")
            } while ContinuousClock.now < end
            _ = try await connection.simple("COMMIT")
            return figures
        }
        let dead = try await pool.simple(
            "SELECT n_dead_tup FROM pg_stat_user_tables WHERE relid = 'public.lead_routing_queue'::regclass"
        )
        let last = Array(held.suffix(max(1, held.count / 5)))
        print(
            Report.head([
                "\(Report.short(minutes)) minutes with a transaction open", "before", "in the last fifth", "ratio",
            ])
        )
        for (name, value) in MixedLoad.Figures.values {
            let after = Report.median(last.map(value))
            print(
                Report.row([
                    name, Report.whole(value(before)), Report.whole(after), Report.short(after / value(before)) + " ×",
                ])
            )
        }
        print("\nDead rows of the queue at the end: \(try dead.last?.first?.string(0) ?? "–").")
        await pool.shutdown()
    }
}

/// Ingest, and leads that wait and are claimed at once, side by side.
struct MixedLoad: Sendable {
    let world: BenchmarkWorld
    let batch: Int

    struct Figures: Sendable, CustomStringConvertible {
        let ingested: Double
        let claimed: Double
        let cost: Double

        static let values: [(String, @Sendable (Figures) -> Double)] = [
            ("ingest, leads/s", { $0.ingested }), ("queued, claimed and completed, leads/s", { $0.claimed }),
            ("both, leads/s", { $0.ingested + $0.claimed }), ("processor µs/lead", { $0.cost }),
        ]
        var description: String { "\(Report.whole(ingested))/s, \(Report.whole(claimed))/s, \(Report.whole(cost)) µs" }
    }

    func measure(seconds: Double) async throws -> Figures {
        let ingest = SetBasedIngest(world: world, batch: batch, clients: 1)
        let waiting = Backlog(world: world, leads: batch, batch: batch, workers: 1)
        let before = world.processor.used()
        async let ingested = ingest.measure(seconds: seconds)
        let start = ContinuousClock.now
        var claimed = 0
        while (ContinuousClock.now - start) / .seconds(1) < seconds {
            try await waiting.fill()
            _ = try await waiting.drain()
            claimed += batch
        }
        let took = (ContinuousClock.now - start) / .seconds(1)
        let measurement = try await ingested
        let used = world.processor.used() - before
        return Figures(
            ingested: measurement.rate,
            claimed: Double(claimed) / took,
            cost: used / Double(measurement.leads + claimed) * 1e6
        )
    }
}
