package import LeadRouting
package import LeadStore
package import Logging
import RoutingRules

/// The routing half of the server, put together over one database: what `serve` runs and commands borrow.
package struct RoutingServices: Sendable {
    /// The compiled rules of this process.
    package let rules: RuleSetCache
    /// The way in for new leads.
    package let intake: LeadIntake
    /// The way for leads that wait.
    package let waiting: WaitingLeadRouter
    /// The bodies of what runs by the clock.
    package let functions: ScheduledFunctions
    /// What runs by the clock, or by hand.
    package let scheduler: Scheduler
    /// What callers may ask.
    package let useCases: UseCases

    /// Puts them together; the rules are loaded when they are first asked for.
    ///
    /// - Parameters:
    ///   - stores: every statement.
    ///   - retriesDisabled: whether leads that were tried before are left alone.
    ///   - retryRate: how many of those are routed a second.
    ///   - serviceRoleKey: a token that is accepted as an administrator's.
    ///   - simulationTime: how long a simulation may take.
    ///   - grace: how many seconds a due time is left to an external schedule.
    ///   - observer: receives the outcomes of leads.
    ///   - meter: receives the figures of each batch.
    ///   - logger: for all of them.
    package init(
        stores: Stores,
        retriesDisabled: Bool,
        retryRate: Int = RetryRateLimiter.standardRate,
        serviceRoleKey: String? = nil,
        simulationTime: Duration = .seconds(60),
        grace: Int64 = 0,
        observer: (any RoutingObserver)? = nil,
        meter: (any RoutingMeter)? = nil,
        logger: Logger
    ) {
        rules = RuleSetCache(source: stores.ruleSets)
        intake = LeadIntake(store: stores.intake, rules: rules, observer: observer, meter: meter, logger: logger)
        let router = WaitingLeadRouter(
            queue: stores.queue,
            rules: rules,
            retriesPaused: retriesDisabled,
            limiter: RetryRateLimiter(rate: retryRate),
            observer: observer,
            meter: meter
        )
        waiting = router
        let functions = ScheduledFunctions(stores: stores, router: router, observer: observer, logger: logger)
        self.functions = functions
        scheduler = Scheduler(store: stores.schedule, node: NodeName.make(), grace: grace, logger: logger) {
            try await functions.run($0)
        }
        useCases = UseCases(
            stores: stores,
            intake: intake,
            waiting: router,
            simulator: RuleSimulator(stores: stores, timeLimit: simulationTime),
            scheduler: scheduler,
            serviceRoleKey: serviceRoleKey
        )
    }

    /// Puts them together over an open database.
    package init(
        session: DatabaseSession,
        simulationTime: Duration = .seconds(60),
        grace: Int64 = 0,
        observer: (any RoutingObserver)? = nil,
        meter: (any RoutingMeter)? = nil
    ) {
        self.init(
            stores: session.stores,
            retriesDisabled: session.settings.retriesDisabled,
            retryRate: session.settings.retryRate,
            serviceRoleKey: session.settings.serviceRoleKey,
            simulationTime: simulationTime,
            grace: grace,
            observer: observer,
            meter: meter,
            logger: session.logger
        )
    }
}
