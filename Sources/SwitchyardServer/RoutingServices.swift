package import Accounts
package import LeadRouting
package import LeadStore
package import Logging
package import Postgres
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
    ///   - analysisStores: the stores of analyses, with connections of their own; nil for the same.
    ///   - retriesDisabled: whether retries are paused.
    ///   - retryRate: retries a second.
    ///   - serviceRoleKey: a token with an administrator's scopes.
    ///   - rates: the limits of requests and leads that apply until the database names others.
    ///   - analysisTime: the time limit of a simulation, of lint and of explain.
    ///   - grace: for how many seconds an external scheduler may take a due time first.
    ///   - sessions: verifies the sessions of persons; nil: only keys are accepted.
    ///   - observer: receives the outcomes of leads.
    ///   - meter: receives the measurements of each batch.
    ///   - refusals: receives the leads that cannot be stored or written.
    ///   - logger: the logger of all services.
    package init(
        stores: Stores,
        analysisStores: Stores? = nil,
        retriesDisabled: Bool,
        retryRate: Int = RetryRateLimiter.standardRate,
        serviceRoleKey: String? = nil,
        rates: UsualRates = UsualRates(),
        analysisTime: Duration = WorkLimit.usual,
        grace: Int64 = 0,
        sessions: SessionVerifier? = nil,
        observer: (any RoutingObserver)? = nil,
        meter: (any RoutingMeter)? = nil,
        refusals: RecentRefusals = RecentRefusals(),
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
            refusals: refusals,
            logger: logger
        )
        let router = WaitingLeadRouter(
            queue: stores.queue,
            rules: rules,
            retriesPaused: retriesDisabled,
            limiter: RetryRateLimiter(rate: retryRate),
            observer: observer,
            meter: meter,
            costly: costly,
            refusals: refusals
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
            analyses: AnalysisPool(stores: analysisStores ?? stores),
            scheduler: scheduler,
            analysisTime: analysisTime,
            serviceRoleKey: serviceRoleKey,
            limiter: RateLimiter(source: stores.rates, usual: rates),
            sessions: sessions
        )
    }

    /// Creates the services over an open database.
    package init(
        session: DatabaseSession,
        analysisPool: PostgresPool? = nil,
        analysisTime: Duration? = nil,
        grace: Int64 = 0,
        observer: (any RoutingObserver)? = nil,
        meter: (any RoutingMeter)? = nil,
        refusals: RecentRefusals = RecentRefusals()
    ) {
        let logger = session.logger
        let sessions = session.settings.supabase.verifier(transport: session.settings.httpClient) { reason in
            logger.warning("The keys of SUPABASE_URL cannot be fetched", metadata: ["error": "\(reason)"])
        }
        self.init(
            stores: session.stores,
            analysisStores: analysisPool.map(Stores.init(pool:)),
            retriesDisabled: session.settings.retriesDisabled,
            retryRate: session.settings.retryRate,
            serviceRoleKey: session.settings.serviceRoleKey,
            rates: session.settings.usualRates,
            analysisTime: analysisTime ?? .seconds(session.settings.analysisSeconds),
            grace: grace,
            sessions: sessions,
            observer: observer,
            meter: meter,
            refusals: refusals,
            logger: session.logger
        )
    }
}
