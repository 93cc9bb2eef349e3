import LeadStore
package import Logging
import Postgres
import ServiceLifecycle

/// Keeps routing waiting leads: any number of nodes pick up due ones within a second.
///
/// It polls the database and needs no notification; ``wake`` only shortens the pause. A full batch is followed by the
/// next at once, an empty one by a pause that grows to a second, with jitter, so that nodes do not poll in step. New
/// leads have their own workers; retries have one, with smaller batches and a limited rate, so that the retries of an
/// outage do not delay new leads. The loop also polls the version of the rules, so that a change reaches an idle node
/// within a second.
package struct WaitingLeadLoop: Service {
    private let router: WaitingLeadRouter
    private let rules: RuleSetCache
    private let workers: Int
    private let batch: Int
    private let clock: any Clock<Duration>
    private let logger: Logger

    /// Ends the pause of an idle worker.
    package let wake = WakeEvent()

    /// The longest pause, before jitter.
    static let longestPause = Duration.milliseconds(800)
    private static let shortestPause = Duration.milliseconds(50)

    /// A loop over a router.
    ///
    /// - Parameters:
    ///   - router: routes a batch.
    ///   - rules: the rules to keep up to date.
    ///   - workers: the number of concurrent batches of new leads.
    ///   - batch: new leads in a batch; retries are a fifth of it.
    ///   - clock: measures the pauses.
    ///   - logger: logs outages and leads that cannot be written.
    package init(
        router: WaitingLeadRouter,
        rules: RuleSetCache,
        workers: Int = 2,
        batch: Int = 500,
        clock: any Clock<Duration> = .continuous,
        logger: Logger
    ) {
        self.router = router
        self.rules = rules
        self.workers = workers
        self.batch = batch
        self.clock = clock
        self.logger = logger
    }

    /// Runs until the graceful shutdown; then it finishes the claimed leads and starts no new batch.
    package func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<workers { group.addTask { await work(.new, batch: batch) } }
            group.addTask { await work(.tried, batch: max(batch / 5, 1)) }
            group.addTask { await watchRules() }
            group.addTask { await routeLeadsWaitingForCapacity() }
        }
    }

    private var isOver: Bool { Task.isCancelled || Task.isShuttingDownGracefully }

    private func work(_ kind: WaitingClaim.Kind, batch: Int) async {
        var pause = Self.shortestPause
        var isDown = false
        while !isOver {
            do {
                let summary = try await router.routeDue(kind, limit: batch)
                if isDown { logger.notice("routing of waiting leads has resumed") }
                isDown = false
                report(summary)
                if summary.claimed == batch { continue }
                pause = summary.claimed > 0 ? Self.shortestPause : min(pause * 2, Self.longestPause)
            } catch {
                if !isDown, !isOver {
                    logger.warning("routing of waiting leads is interrupted", metadata: ["error": "\(error)"])
                }
                isDown = true
                pause = Self.longestPause
            }
            await sleep(pause)
        }
    }

    /// Leads that wait for capacity are routed within a second after it returns.
    private func routeLeadsWaitingForCapacity() async {
        while !isOver {
            let moved = (try? await router.routeLeadsWaitingForCapacity(batch: batch).routed) ?? 0
            if moved == 0 { await sleep(Self.longestPause) }
        }
    }

    private func watchRules() async {
        while !isOver {
            _ = try? await rules.poll()
            // Changed rules may route waiting leads.
            if let moved = try? await router.reviewWaiting(), moved > 0 { wake.set() }
            await sleep(Self.longestPause)
        }
    }

    private func report(_ summary: WaitingLeadRouter.Summary) {
        guard summary.poisonous > 0 else { return }
        logger.warning(
            "leads that could not be written were postponed",
            metadata: [
                "leads": "\(summary.poisonous)", "error.sqlstate": "\(summary.refusal?.sqlState ?? "")",
                "error.function": "\(summary.refusal?.function ?? "")",
                "error.message": "\(summary.refusal?.message ?? "")",
            ]
        )
    }

    private func sleep(_ pause: Duration) async {
        let jittered = pause * Double.random(in: 0.75...1.25)
        await cancelWhenGracefulShutdown {
            await wake.wait(atMost: jittered, clock: clock)
        }
    }
}
