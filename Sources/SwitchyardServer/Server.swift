import Logging
import ServiceLifecycle
package import UnixSignals
import Web

/// One node of Switchyard: its services over one database.
///
/// ``init(settings:log:terminal:signals:)`` opens the database and creates the services, ``run()`` starts them and
/// returns when they have stopped. It uses no global state of the process, so a process can run more than one.
package struct Server: Sendable {
    private let group: ServiceGroup
    private let listening: ListeningPort
    private let logger: Logger

    /// The names of its services, in the order in which they start; they stop in the reverse order.
    package let services: [String]

    /// Opens the database, migrates its schema, and creates the services.
    ///
    /// - Parameters:
    ///   - settings: the settings.
    ///   - log: the log output; it stays open after the server has stopped.
    ///   - terminal: the terminal for the startup message.
    ///   - signals: the signals that stop the server gracefully.
    /// - Throws: `CommandError` with its remedy.
    package init(settings: Settings, log: LogOutput, terminal: Terminal, signals: [UnixSignal] = []) async throws {
        try PortProbe.check(host: settings.host, port: settings.port)
        if let port = settings.monitoring.metricsPort {
            try PortProbe.check(host: settings.monitoring.metricsHost, port: port, variables: .metrics)
        }
        let key = settings.tls.map { SecretFile(variable: "TLS_KEY_FILE", path: $0.key) }
        for file in settings.exposedFiles + [key].compactMap(\.self).filter({ (try? $0.read().isExposed) == true }) {
            log.logger.warning(
                "a file with a secret may be read by every account of this machine",
                metadata: ["setting": "\(file.variable)", "remedy": "give it mode 0600, or 0400"]
            )
        }
        let web = try WebConfiguration(settings, logger: log.logger)
        let session = try await DatabaseSession.open(
            settings: settings,
            logger: log.logger,
            terminal: terminal,
            schema: .migrated
        )
        let listening = ListeningPort()
        let all: [NamedService]
        do {
            all = try await Self.services(over: session, web: web, log: log, listening: listening)
        } catch {
            await session.close()
            throw error
        }
        var configuration = ServiceGroupConfiguration(
            services: all.map { name, service in
                .init(service: service, successTerminationBehavior: .gracefullyShutdownGroup, serviceName: name)
            },
            gracefulShutdownSignals: signals,
            logger: log.logger
        )
        // Work that is still running then is cut off; the database rolls it back, or the next start detects it. With
        // the pool's own limit for an unresponsive database, the process ends within 20 seconds.
        configuration.maximumGracefulShutdownDuration = .seconds(15)
        group = ServiceGroup(configuration: configuration)
        services = all.map(\.name)
        self.listening = listening
        logger = log.logger
    }

    /// Runs until a signal comes, ``stop()`` is called or a service fails; then every service has stopped.
    ///
    /// - Throws: the failure of a service; `ListenError` if the server cannot listen.
    package func run() async throws {
        defer { listening.resolve(nil) }
        try await group.run()
        logger.notice("Switchyard has stopped.")
    }

    /// The port, once the server listens.
    ///
    /// Nil if it has ended without listening.
    package var port: Int? {
        get async { await listening.value }
    }

    /// Starts a graceful stop, and returns at once; ``run()`` returns when it has finished.
    package func stop() async { await group.triggerGracefulShutdown() }
}
