import Inngest
import LeadRouting
import LeadStore
import Logging
import Monitoring
import Outbound
import Postgres
import ServiceLifecycle
import Web

/// A service, and its name in the log.
typealias NamedService = (name: String, service: any Service)

extension Server {
    /// All services of a node, in the order in which they start.
    ///
    /// Services stop in reverse order: first no more requests are accepted, then claimed leads are finished, then the
    /// connections to the database are closed.
    static func services(
        over session: DatabaseSession,
        web: WebConfiguration,
        log: LogOutput,
        listening: ListeningPort
    ) async throws -> [NamedService] {
        let settings = session.settings
        let logger = log.logger
        let monitoring = MonitoringServices(session: session, settings: settings, log: log)
        let inngest = InngestServices(
            settings: settings.inngest,
            transport: monitoring.tracer.map { TracedTransport(settings.httpClient, tracer: $0, peer: "inngest") }
                ?? settings.httpClient,
            logger: logger
        )
        let analyses = AnalysisConnections(session)
        let routing = RoutingServices(
            session: session,
            analysisPool: analyses.pool,
            grace: inngest.grace,
            observer: inngest.observer,
            meter: monitoring.meter,
            refusals: monitoring.refusals
        )
        let demo = try await DemoData.loadIfWanted(session: session, routing.useCases)
        if !settings.quotas.isEmpty { try await session.stores.quotas.set(settings.quotas.mapValues { $0 }, of: nil) }
        // Loaded now, so that the first lead need not wait.
        _ = try await routing.rules.current()
        monitoring.metrics.watch(routing.intake)
        let endpoint = inngest.endpoint(routing)
        let registration = RegistrationService(endpoint: endpoint)
        let startupMessage = StartupMessage(
            session: session,
            demo: demo,
            setup: try await firstAdministratorLink(routing.useCases)
        )
        let waiting = WaitingLeadLoop(router: routing.waiting, rules: routing.rules, logger: logger)
        let http = makeApplication(
            configuration: web,
            useCases: routing.useCases,
            version: Version.current,
            mounts: [.inngest(endpoint), monitoring.endpoint],
            tracer: monitoring.tracer,
            metrics: monitoring.metrics.registry,
            logger: logger,
            onListening: { [metrics = monitoring.listener?.listening] port in
                if let metrics, await metrics.value == nil { return }
                startupMessage.print(port: port)
                registration.listening(port: port)
                listening.resolve(port)
            }
        )

        var services: [NamedService] = []
        if let embedded = session.embedded { services.append(("embedded PostgreSQL", embedded)) }
        services.append(("database connections", session.pool))
        services.append(("connections of analyses", analyses))
        if let sender = inngest.sender { services.append(("Inngest events", sender)) }
        if let sentry = log.sentry { services.append(("Sentry", sentry)) }
        services += monitoring.services
        services.append(("intake", routing.intake))
        services.append(
            ("notifications", WaitingHints(configuration: session.hints, wake: waiting.wake, logger: logger))
        )
        services.append(("waiting leads", waiting))
        services.append(("schedule", routing.scheduler))
        if settings.autoRollback { services.append(("auto-rollback", autoRollbackWatch(session, logger: logger))) }
        if settings.inngest.drivesSchedule { services.append(("Inngest registration", registration)) }
        if let certificate = web.certificate {
            services.append(("certificate", CertificateReload(certificate: certificate, logger: logger)))
        }
        if let listener = monitoring.listener { services.append(("metrics", listener)) }
        services.append(("HTTP", http))
        return services
    }

    /// A link that makes the first administrator; nil if there are local users.
    private static func firstAdministratorLink(_ useCases: UseCases) async throws -> String? {
        do {
            return try await useCases.users.setUp(by: .commandLine)
        } catch let error as RequestError {
            throw CommandError(error)
        }
    }

    /// Restores the rules from before a publication if leads fail after it; the alert `auto_rollback` reports it.
    private static func autoRollbackWatch(_ session: DatabaseSession, logger: Logger) -> AutoRollbackWatch {
        let node = NodeName.make()
        return AutoRollbackWatch(logger: logger) { try await session.stores.publishing.rollBackFailing(node: node) }
    }
}
