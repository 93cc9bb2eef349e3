import EmbeddedPostgres
import Inngest
import LeadRouting
import LeadStore
import Logging
import Monitoring
import Postgres
import ServiceLifecycle
package import UnixSignals
import Web

/// One node of Switchyard: its services over one database.
///
/// ``init(settings:log:)`` opens the database and puts the services together, ``run(signals:)`` starts them and returns
/// when they have stopped. Nothing here belongs to the process, so that a process can run more than one.
package struct Server: Sendable {
    private let settings: Settings
    private let session: DatabaseSession
    private let group: ServiceGroup
    private let log: LogOutput

    /// The services by their names, in the order in which they start; they stop in the reverse order.
    package let services: [String]

    /// Opens the database, brings its schema up to date, and puts the services together.
    ///
    /// - Parameters:
    ///   - settings: all of them.
    ///   - log: where log lines and errors go.
    ///   - signals: what stops the server gracefully.
    /// - Throws: `CommandFault` or `SettingsError` with what to do about it.
    package init(settings: Settings, log: LogOutput, signals: [UnixSignal] = []) async throws {
        try PortProbe.check(host: settings.host, port: settings.port)
        let web = try WebConfiguration(settings, logger: log.logger)
        self.settings = settings
        self.log = log
        session = try await DatabaseSession.open(settings: settings, logger: log.logger, schema: .migrated)
        do {
            let services = try await Self.services(over: session, web: web, log: log)
            self.services = services.map(\.name)
            group = ServiceGroup(configuration: Self.configuration(services, signals: signals, logger: log.logger))
        } catch {
            await session.close()
            throw error
        }
    }

    /// Runs until it is stopped.
    package func run() async throws {
        try await group.run()
        log.logger.notice("Switchyard has stopped.")
        log.sink.flush()
    }

    /// Stops it gracefully; returns at once.
    package func stop() async { await group.triggerGracefulShutdown() }

    /// Everything that a node runs, in the order in which it starts.
    ///
    /// They stop in reverse: first nothing new comes in, then what is claimed is finished, then the database goes.
    private static func services(
        over session: DatabaseSession,
        web: WebConfiguration,
        log: LogOutput
    ) async throws -> [(name: String, service: any Service)] {
        let settings = session.settings
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
            stores: session.stores,
            intake: routing.intake,
            waiting: routing.waiting,
            simulator: RuleSimulator(stores: session.stores),
            principals: PrincipalDirectory(keys: session.stores.keys, serviceRoleKey: settings.serviceRoleKey)
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
            }
        )
        let loop = WaitingLeadLoop(router: routing.waiting, rules: routing.rules, logger: logger)

        var services: [(name: String, service: any Service)] = []
        if let embedded = session.embedded { services.append(("embedded PostgreSQL", embedded)) }
        services.append(("database connections", session.pool))
        if let sender = inngest.sender { services.append(("Inngest events", sender)) }
        if let sentry = log.sentry { services.append(("Sentry", sentry)) }
        services += monitoring.services
        services.append(("intake", routing.intake))
        services.append(("hints", WaitingHints(configuration: session.hints, wake: loop.wake, logger: logger)))
        services.append(("waiting leads", loop))
        services.append(("schedule", routing.scheduler))
        if settings.autoRollback { services.append(("publications", Self.watch(session, logger: logger))) }
        if settings.inngest.drivesSchedule { services.append(("Inngest registration", registration)) }
        services.append(("HTTP", application))
        return services
    }

    private static func configuration(
        _ services: [(name: String, service: any Service)],
        signals: [UnixSignal],
        logger: Logger
    ) -> ServiceGroupConfiguration {
        var configuration = ServiceGroupConfiguration(
            services: services.map { name, service in
                .init(service: service, successTerminationBehavior: .gracefullyShutdownGroup, serviceName: name)
            },
            gracefulShutdownSignals: signals,
            logger: logger
        )
        // What is still under way then is cut off; the database undoes it, or it is found out on the next start.
        // With the pool's own bound for what the database does not answer, the end comes within 20 seconds.
        configuration.maximumGracefulShutdownDuration = .seconds(15)
        return configuration
    }

    /// What takes a publication back when routings fail after it; the alert `auto_rollback` tells of it.
    private static func watch(_ session: DatabaseSession, logger: Logger) -> PublicationWatch {
        let node = NodeName.make()
        return PublicationWatch(logger: logger) { try await session.stores.publishing.rollBackFailing(node: node) }
    }
}

extension WebConfiguration {
    /// The server's address, and as many connections as the process may have open.
    ///
    /// - Throws: `CommandFault` where that is too few.
    fileprivate init(_ settings: Settings, logger: Logger) throws {
        self.init(host: settings.host, port: settings.port)
        let usual = limits.connections
        let limit = DescriptorLimit.raise()
        limits.connections = try DescriptorLimit.connections(
            limit: limit,
            usual: usual,
            database: settings.databaseConnections
        )
        if limits.connections < usual {
            logger.warning(
                "fewer connections are served than could be, because the process may open few files",
                metadata: [
                    "connections": "\(limits.connections)", "files": "\(limit)",
                    "remedy": "ulimit -Hn 8192, or LimitNOFILE=8192 in a systemd unit",
                ]
            )
        }
    }
}
