import ArgumentParser
import EmbeddedPostgres
import Inngest
import LeadRouting
import LeadStore
import Logging
import Monitoring
import Postgres
import ServiceLifecycle
import UnixSignals
import Web

/// Runs the server until it is told to stop.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the server.",
        discussion: """
            Without DATABASE_URL it starts a PostgreSQL of its own in .switchyard/, migrates it and loads demo data on \
            first start. SIGTERM or SIGINT stops it cleanly.
            """
    )

    @Option(help: "Address to listen on (HOST).")
    var host: String?

    @Option(help: "Port to listen on (PORT); 0 lets the system choose.")
    var port: Int?

    func run() async throws {
        FreeMemory.keepLittle()
        var settings = try await Settings.load()
        settings.host = host ?? settings.host
        settings.port = port ?? settings.port
        try PortProbe.check(host: settings.host, port: settings.port)
        let sentry = settings.monitoring.sentryReporter()
        let log = LogOutput.bootstrap(level: settings.logLevel, settings.monitoring, witness: sentry)
        let logger = log.logger
        let web = try Self.web(settings, logger: logger)
        let session = try await DatabaseSession.open(settings: settings, logger: logger, schema: .migrated)
        try await serve(session, web: web, settings: settings, log: log, sentry: sentry)
        log.sink.flush()
    }

    private static func web(_ settings: Settings, logger: Logger) throws -> WebConfiguration {
        var web = WebConfiguration(host: settings.host, port: settings.port)
        let usual = web.limits.connections
        let limit = DescriptorLimit.raise()
        web.limits.connections = try DescriptorLimit.connections(
            limit: limit,
            usual: usual,
            database: settings.databaseConnections
        )
        if web.limits.connections < usual {
            logger.warning(
                "fewer connections are served than could be, because the process may open few files",
                metadata: [
                    "connections": "\(web.limits.connections)", "files": "\(limit)",
                    "remedy": "ulimit -Hn 8192, or LimitNOFILE=8192 in a systemd unit",
                ]
            )
        }
        return web
    }

    private func serve(
        _ session: DatabaseSession,
        web: WebConfiguration,
        settings: Settings,
        log: LogOutput,
        sentry: SentryReporter?
    ) async throws {
        let logger = log.logger
        let demo = try await DemoData.loadIfWanted(session: session)
        let monitoring = MonitoringServices(session: session, settings: settings, log: log)
        let inngest = InngestServices(settings: settings.inngest, tracer: monitoring.tracer, logger: logger)
        let routing = try await RoutingServices(
            session: session,
            grace: inngest.grace,
            observer: inngest.observer,
            meter: monitoring.meter
        )
        monitoring.metrics.watch(routing.intake)
        let endpoint = inngest.endpoint(routing)
        let registration = RegistrationService(endpoint: endpoint)
        let backend = StoreBackedRouting(
            store: session.store,
            intake: routing.intake,
            waiting: routing.waiting,
            simulator: RuleSimulator(store: session.store),
            principals: PrincipalDirectory(store: session.store, serviceRoleKey: settings.serviceRoleKey)
        )
        let announcement = Announcement(settings: settings, database: session.summary, demo: demo)
        let application = makeApplication(
            configuration: web,
            backend: backend,
            mounts: [.inngest(endpoint), monitoring.endpoint],
            tracer: monitoring.tracer,
            metrics: monitoring.metrics.registry,
            logger: logger,
            onListening: { port in
                announcement.print(port: port)
                registration.listening(port: port)
                FreeMemory.giveBackCode()
            }
        )
        // Stopped in reverse: first nothing new comes in, then what is claimed is finished, then the database goes.
        var services: [any Service] = []
        if let embedded = session.embedded { services.append(embedded) }
        services.append(session.pool)
        if let sender = inngest.sender { services.append(sender) }
        if let sentry { services.append(sentry) }
        services += monitoring.services
        services.append(routing.intake)
        let loop = WaitingLeadLoop(router: routing.waiting, rules: routing.rules, logger: logger)
        services.append(WaitingHints(configuration: session.hints, wake: loop.wake, logger: logger))
        services.append(loop)
        services.append(routing.scheduler)
        if settings.autoRollback { services.append(Self.watch(session, logger: logger)) }
        if settings.inngest.drivesSchedule { services.append(registration) }
        services.append(application)
        var configuration = ServiceGroupConfiguration(
            services: services.map { .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup) },
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger
        )
        // What is still under way then is cut off; the database undoes it, or it is found out on the next start.
        // With the pool's own bound for what the database does not answer, the end comes within 20 seconds.
        configuration.maximumGracefulShutdownDuration = .seconds(15)
        let group = ServiceGroup(configuration: configuration)
        try await group.run()
        logger.notice("Switchyard has stopped.")
    }

    /// What takes a publication back when routings fail after it; the alert `auto_rollback` tells of it.
    private static func watch(_ session: DatabaseSession, logger: Logger) -> PublicationWatch {
        let node = NodeName.make()
        return PublicationWatch(logger: logger) { try await session.store.rollBackFailing(node: node) }
    }
}
