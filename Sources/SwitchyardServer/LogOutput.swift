package import Logging
package import Monitoring
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// Where a server's log lines and errors go.
package struct LogOutput: Sendable {
    /// The server's own logger.
    package let logger: Logger
    /// What writes the lines.
    package let sink: LogSink
    /// How the lines look.
    package let format: LogFormat
    /// Whether lines about leads are wanted: `LOG_ROUTING`, and a level that lets them through.
    package let isAboutLeads: Bool
    /// What reports errors to Sentry; nil without `SENTRY_DSN`.
    package let sentry: SentryReporter?
    private let handler: @Sendable (String) -> LineLogHandler

    /// Log lines as the settings ask for.
    ///
    /// - Parameters:
    ///   - settings: the level, how lines look, whether there is one for each lead, and Sentry.
    ///   - descriptor: the open file they go to; standard error.
    package init(_ settings: Settings, descriptor: Int32 = STDERR_FILENO) {
        let level = Logger.Level(rawValue: settings.logLevel) ?? .info
        let format = settings.monitoring.logFormat ?? (isatty(descriptor) == 1 ? .text : .json)
        let sentry = settings.monitoring.sentryReporter(transport: settings.httpClient)
        let sink = LogSink(descriptor: descriptor, format: format)
        handler = { LineLogHandler(label: $0, level: level, format: format, sink: sink, reporter: sentry) }
        logger = Logger(label: "switchyard", factory: handler)
        self.sink = sink
        self.format = format
        isAboutLeads = settings.monitoring.logsRouting && level <= .info
        self.sentry = sentry
        sink.start()
    }

    private static let isBootstrapped = Mutex(false)

    /// Sends what libraries log by loggers of their own the same way; the first server of a process decides.
    package func bootstrapLoggingSystem() {
        let isFirst = Self.isBootstrapped.withLock { isBootstrapped in
            defer { isBootstrapped = true }
            return !isBootstrapped
        }
        if isFirst { LoggingSystem.bootstrap(handler) }
    }

    /// Writes the lines that have gathered, and ends the thread that writes them.
    package func close() { sink.stop() }

    /// A logger for commands: what makes a command fail is said by the command.
    package static func forCommands() -> Logger {
        var logger = Logger(label: "switchyard") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .error
        return logger
    }
}
