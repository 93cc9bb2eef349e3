package import LeadRouting
package import LeadStore
package import Logging
import RoutingRules

/// The routing services over one database, which `serve` runs and commands use.
package struct RoutingServices: Sendable {
    /// The compiled rules of this process.
    package let rules: RuleSetCache
    /// The intake of new leads.
    package let intake: LeadIntake
    /// The router of waiting leads.
    package let waiting: WaitingLeadRouter
    /// The implementations of the scheduled functions.
    package let functions: ScheduledFunctions
    /// Runs scheduled functions, on schedule or on request.
    package let scheduler: Scheduler
    /// The use cases.
    package let useCases: UseCases

    /// Creates the services; the rules are loaded on first use.
    ///
    /// - Parameters:
    ///   - stores: the stores.
    ///   - retriesDisabled: whether retries are paused.
    ///   - retryRate: retries a second.
    ///   - serviceRoleKey: a token with an administrator's scopes.
    ///   - analysisTime: the time limit of a simulation, of lint and of explain.
    ///   - grace: for how many seconds an external scheduler may take a due time first.
    ///   - observer: receives the outcomes of leads.
    ///   - meter: receives the measurements of each batch.
    ///   - logger: the logger of all services.
    package init(
        stores: Stores,
        retriesDisabled: Bool,
        retryRate: Int = RetryRateLimiter.standardRate,
        serviceRoleKey: String? = nil,
        analysisTime: Duration = WorkLimit.usual,
        grace: Int64 = 0,
        observer: (any RoutingObserver)? = nil,
        meter: (any RoutingMeter)? = nil,
        logger: Logger
    ) {
        rules = RuleSetCache(source: stores.ruleSets)
        let costly = CostlyRules(logger: logger) { exceeded in
            try await stores.rules.switchOff(exceeded)
        }
        intake = LeadIntake(
            store: stores.intake,
            rules: rules,
            observer: observer,
            meter: meter,
            costly: costly,
            logger: logger
        )
        let router = WaitingLeadRouter(
            queue: stores.queue,
            rules: rules,
            retriesPaused: retriesDisabled,
            limiter: RetryRateLimiter(rate: retryRate),
            observer: observer,
            meter: meter,
            costly: costly
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
            simulator: RuleSimulator(stores: stores, timeLimit: analysisTime),
            scheduler: scheduler,
            analysisTime: analysisTime,
            serviceRoleKey: serviceRoleKey
        )
    }

    /// Creates the services over an open database.
    package init(
        session: DatabaseSession,
        analysisTime: Duration? = nil,
        grace: Int64 = 0,
        observer: (any RoutingObserver)? = nil,
        meter: (any RoutingMeter)? = nil
    ) {
        self.init(
            stores: session.stores,
            retriesDisabled: session.settings.retriesDisabled,
            retryRate: session.settings.retryRate,
            serviceRoleKey: session.settings.serviceRoleKey,
            analysisTime: analysisTime ?? .seconds(session.settings.analysisSeconds),
            grace: grace,
            observer: observer,
            meter: meter,
            logger: session.logger
        )
    }
}
