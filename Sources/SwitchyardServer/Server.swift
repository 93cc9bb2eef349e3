import Logging
import ServiceLifecycle
package import UnixSignals
import Web

/// One node of Switchyard: its services over one database.
///
/// ``init(settings:log:terminal:signals:)`` opens the database and puts the services together, ``run()`` starts them and
/// returns when they have stopped. Nothing in it belongs to the process, so that a process can run more than one.
package struct Server: Sendable {
    private let group: ServiceGroup
    private let listening: ListeningPort
    private let logger: Logger

    /// The names of its services, in the order in which they start; they stop in the reverse order.
    package let services: [String]

    /// Opens the database, brings its schema up to date, and puts the services together.
    ///
    /// - Parameters:
    ///   - settings: all of them.
    ///   - log: where log lines and errors go; it stays open when the server has stopped.
    ///   - terminal: where the start is reported.
    ///   - signals: what stops the server gracefully.
    /// - Throws: `CommandError` with what the operator can do about it.
    package init(settings: Settings, log: LogOutput, terminal: Terminal, signals: [UnixSignal] = []) async throws {
        try PortProbe.check(host: settings.host, port: settings.port)
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
        // What is still under way then is cut off; the database undoes it, or it is found out on the next start.
        // With the pool's own bound for what the database does not answer, the end comes within 20 seconds.
        configuration.maximumGracefulShutdownDuration = .seconds(15)
        group = ServiceGroup(configuration: configuration)
        services = all.map(\.name)
        self.listening = listening
        logger = log.logger
    }

    /// Runs until a signal comes, ``stop()`` is called or a service fails; then every service has stopped.
    ///
    /// - Throws: the failure of a service; `ListenError` if the address cannot be taken.
    package func run() async throws {
        defer { listening.resolve(nil) }
        try await group.run()
        logger.notice("Switchyard has stopped.")
    }

    /// The port that it listens on, once it does.
    ///
    /// Nil when it has ended without listening.
    package var port: Int? {
        get async { await listening.value }
    }

    /// Starts a graceful stop, and returns at once; ``run()`` returns when it is done.
    package func stop() async { await group.triggerGracefulShutdown() }
}
