import Inngest
import LeadRouting
import LeadStore
import Logging
import Monitoring
import Postgres
import ServiceLifecycle
import Web

/// A service, and what it is called in the log.
typealias NamedService = (name: String, service: any Service)

extension Server {
    /// Everything that a node runs, in the order in which it starts.
    ///
    /// Services stop in the reverse order: first no request comes in any more, then what was claimed is finished, then
    /// the connections to the database are closed.
    static func services(
        over session: DatabaseSession,
        web: WebConfiguration,
        log: LogOutput,
        listening: ListeningPort
    ) async throws -> [NamedService] {
        let settings = session.settings
        let logger = log.logger
        let demo = try await DemoData.loadIfWanted(session: session)
        let monitoring = MonitoringServices(session: session, settings: settings, log: log)
        let inngest = InngestServices(settings: settings.inngest, tracer: monitoring.tracer, logger: logger)
        let routing = RoutingServices(
            session: session,
            grace: inngest.grace,
            observer: inngest.observer,
            meter: monitoring.meter
        )
        // Loaded now, so that the first lead does not wait for them.
        _ = try await routing.rules.current()
        monitoring.metrics.watch(routing.intake)
        let endpoint = inngest.endpoint(routing)
        let registration = RegistrationService(endpoint: endpoint)
        let announcement = Announcement(session: session, demo: demo)
        let waiting = WaitingLeadLoop(router: routing.waiting, rules: routing.rules, logger: logger)
        let http = makeApplication(
            configuration: web,
            useCases: routing.useCases,
            version: Version.current,
            mounts: [.inngest(endpoint), monitoring.endpoint],
            tracer: monitoring.tracer,
            metrics: monitoring.metrics.registry,
            logger: logger,
            onListening: { port in
                announcement.print(port: port)
                registration.listening(port: port)
                listening.resolve(port)
            }
        )

        var services: [NamedService] = []
        if let embedded = session.embedded { services.append(("embedded PostgreSQL", embedded)) }
        services.append(("database connections", session.pool))
        if let sender = inngest.sender { services.append(("Inngest events", sender)) }
        if let sentry = log.sentry { services.append(("Sentry", sentry)) }
        services += monitoring.services
        services.append(("intake", routing.intake))
        services.append(
            ("notifications", WaitingHints(configuration: session.hints, wake: waiting.wake, logger: logger))
        )
        services.append(("waiting leads", waiting))
        services.append(("schedule", routing.scheduler))
        if settings.autoRollback { services.append(("publication watch", publicationWatch(session, logger: logger))) }
        if settings.inngest.drivesSchedule { services.append(("Inngest registration", registration)) }
        services.append(("HTTP", http))
        return services
    }

    /// What returns to the rules before a publication when routings fail after it; the alert `auto_rollback` reports it.
    private static func publicationWatch(_ session: DatabaseSession, logger: Logger) -> PublicationWatch {
        let node = NodeName.make()
        return PublicationWatch(logger: logger) { try await session.stores.publishing.rollBackFailing(node: node) }
    }
}
