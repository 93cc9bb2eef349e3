import LeadRouting
import LeadStore
import Logging
import RoutingRules

/// The routing half of the server, put together over one database: what `serve` runs and commands borrow.
struct RoutingServices: Sendable {
    /// The compiled rules of this process.
    let rules: RuleSetCache
    /// The way in for new leads.
    let intake: LeadIntake
    /// The way for leads that wait.
    let waiting: WaitingLeadRouter
    /// What runs by the clock, or by hand.
    let scheduler: Scheduler

    /// Puts them together; loads the rules once, so that the first lead does not wait for them.
    init(store: LeadStore, retriesDisabled: Bool, logger: Logger) async throws {
        rules = RuleSetCache(source: store)
        _ = try await rules.current()
        intake = LeadIntake(store: store, rules: rules, logger: logger)
        let router = WaitingLeadRouter(store: store, rules: rules, retriesPaused: retriesDisabled)
        waiting = router
        let functions = ScheduledFunctions(store: store, router: router, logger: logger)
        scheduler = Scheduler(store: store, node: NodeName.make(), logger: logger) { try await functions.run($0) }
    }

    /// Puts them together for a command.
    init(session: DatabaseSession) async throws {
        try await self.init(
            store: session.store,
            retriesDisabled: session.settings.retriesDisabled,
            logger: session.logger
        )
    }
}
