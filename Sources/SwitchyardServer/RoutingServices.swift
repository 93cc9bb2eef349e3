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

    /// Puts them together; loads the rules once, so that the first lead does not wait for them.
    ///
    /// - Parameters:
    ///   - stores: every statement.
    ///   - retriesDisabled: whether leads that were tried before are left alone.
    ///   - retryRate: how many of those are routed a second.
    ///   - grace: how many seconds a due time is left to an external schedule.
    ///   - observer: receives the outcomes of leads.
    ///   - meter: receives the figures of each batch.
    ///   - logger: for all of them.
    /// - Throws: what the database says.
    package init(
        stores: Stores,
        retriesDisabled: Bool,
        retryRate: Int = RetryPace.standardRate,
        grace: Int64 = 0,
        observer: (any RoutingObserver)? = nil,
        meter: (any RoutingMeter)? = nil,
        logger: Logger
    ) async throws {
        rules = RuleSetCache(source: stores.ruleSets)
        _ = try await rules.current()
        intake = LeadIntake(store: stores.intake, rules: rules, observer: observer, meter: meter, logger: logger)
        let router = WaitingLeadRouter(
            queue: stores.queue,
            rules: rules,
            retriesPaused: retriesDisabled,
            pace: RetryPace(rate: retryRate),
            observer: observer,
            meter: meter
        )
        waiting = router
        let functions = ScheduledFunctions(stores: stores, router: router, observer: observer, logger: logger)
        self.functions = functions
        scheduler = Scheduler(store: stores.schedule, node: NodeName.make(), grace: grace, logger: logger) {
            try await functions.run($0)
        }
    }

    /// Puts them together for a command.
    package init(
        session: DatabaseSession,
        grace: Int64 = 0,
        observer: (any RoutingObserver)? = nil,
        meter: (any RoutingMeter)? = nil
    ) async throws {
        try await self.init(
            stores: session.stores,
            retriesDisabled: session.settings.retriesDisabled,
            retryRate: session.settings.retryRate,
            grace: grace,
            observer: observer,
            meter: meter,
            logger: session.logger
        )
    }
}
