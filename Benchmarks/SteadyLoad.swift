import FoundationEssentials
import LeadRouting
import LeadStore
import Postgres
import RoutingRules
import Synchronization

/// The constant load of ``SteadyBench``, and everything that goes on beside it.
final class SteadyLoad: Sendable {
    struct Counts: Sendable {
        var sent = 0
        var retried = 0
        var expired = 0
        var dashboards = 0
        var errors = 0
    }

    private struct State {
        var latencies: [Double] = []
        var counts = Counts()
    }

    private let world: BenchmarkWorld
    private let rate: Int
    private let batch: Int
    private let retries: Int
    private let state = Mutex(State())

    init(world: BenchmarkWorld, rate: Int, batch: Int, retries: Int) {
        self.world = world
        self.rate = rate
        self.batch = batch
        self.retries = retries
    }

    var counts: Counts { state.withLock { $0.counts } }

    /// The latencies since the last time.
    @discardableResult
    func resetLatencies() -> [Double] {
        state.withLock { state in
            defer { state.latencies = [] }
            return state.latencies
        }
    }

    /// Sends batches by the clock until it is cancelled.
    func run() async throws {
        let clock = ContinuousClock()
        let pause = Duration.seconds(Double(batch) / Double(rate))
        var due = clock.now
        await withTaskGroup(of: Void.self) { group in
            while !Task.isCancelled {
                due = due.advanced(by: pause)
                try? await clock.sleep(until: due)
                let moment = due
                group.addTask { [self] in await send(due: moment) }
            }
        }
    }

    private func send(due: ContinuousClock.Instant) async {
        let leads = world.decidedBatch(batch).enumerated()
            .map { place, lead in
                place * 1000 < retries * batch
                    ? DecidedLead(lead.prepared, Assignment(result: .retry, reason: "Nobody could take it.")) : lead
            }
        do {
            _ = try await world.stores.intake.ingest(leads, version: world.rules.version, isRepeat: false)
            let took = (ContinuousClock.now - due) / .milliseconds(1)
            state.withLock { state in
                state.latencies.append(took)
                state.counts.sent += batch
            }
        } catch {
            failed(error)
        }
    }

    private func failed(_ error: any Error) {
        guard !Task.isCancelled else { return }
        state.withLock { $0.counts.errors += 1 }
        note("error: \(error)")
    }

    /// Workers, schedule and dashboards, as a node has them.
    func runBackground() async {
        await withTaskGroup(of: Void.self) { group in
            let router = WaitingLeadRouter(
                queue: world.stores.queue,
                rules: RuleSetCache(source: world.stores.ruleSets)
            )
            group.addTask { [self] in await every(.milliseconds(200)) { try await self.retry(router) } }
            group.addTask { [self] in await every(.seconds(5)) { try await self.expire() } }
            group.addTask { [self] in await every(.seconds(1)) { try await self.look() } }
        }
    }

    private func every(_ pause: Duration, _ work: () async throws -> Void) async {
        while !Task.isCancelled {
            do { try await work() } catch { failed(error) }
            try? await Task.sleep(for: pause)
        }
    }

    /// Gathers statistics from new log rows, as a node does once a minute while a client asks for them.
    func gatherStatistics() async {
        do { _ = try await world.stores.statistics.gather() } catch { failed(error) }
    }

    private func retry(_ router: WaitingLeadRouter) async throws {
        let summary = try await router.routeDue(.tried, limit: 100)
        state.withLock { $0.counts.retried += summary.claimed }
    }

    /// Some of those that wait run out of time.
    private func expire() async throws {
        _ = try await world.pool.simple(
            """
            UPDATE public.leads SET lead_expires_at = now() WHERE id = ANY (ARRAY(
                SELECT lead_id FROM public.lead_routing_queue WHERE next_retry_at > now() + interval '20 seconds' LIMIT 50))
            """
        )
        let count = try await world.stores.queue.expireLeads()
        state.withLock { $0.counts.expired += Int(count) }
    }

    private func look() async throws {
        _ = try await world.stores.health.counts()
        _ = try await world.stores.health.routingReading()
        let day = try await world.pool.simple("SELECT current_date").last?.first?.string(0) ?? ""
        _ = try await world.stores.statistics.sums(
            StatisticsQuery(from: day, to: day, grouping: .workspace),
            as: .administrator
        )
        state.withLock { $0.counts.dashboards += 3 }
    }
}
