package import Logging
package import Monitoring
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// The destination of a server's log lines and errors.
package struct LogOutput: Sendable {
    /// The server's own logger.
    package let logger: Logger
    /// Writes the lines.
    package let sink: LogSink
    /// The format of lines.
    package let format: LogFormat
    /// Whether lines about leads are enabled: `LOG_ROUTING`, and a sufficient level.
    package let isAboutLeads: Bool
    /// Reports errors to Sentry; nil without `SENTRY_DSN`.
    package let sentry: SentryReporter?
    private let handler: @Sendable (String) -> LineLogHandler

    /// A log output according to the settings.
    ///
    /// - Parameters:
    ///   - settings: the level, the format, whether leads are logged, and Sentry.
    ///   - descriptor: the open file for the lines; standard error.
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

    /// Sends log messages of libraries to the same output; the first server of a process decides.
    package func bootstrapLoggingSystem() {
        let isFirst = Self.isBootstrapped.withLock { isBootstrapped in
            defer { isBootstrapped = true }
            return !isBootstrapped
        }
        if isFirst { LoggingSystem.bootstrap(handler) }
    }

    /// Writes buffered lines, and ends the thread that writes them.
    package func close() { sink.stop() }

    /// A logger for commands, which report their own errors.
    package static func forCommands() -> Logger {
        var logger = Logger(label: "switchyard") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .error
        return logger
    }
}
