package import Logging
package import Monitoring

#if canImport(Glibc)
import Glibc
#endif

/// Where log lines go, and which of them.
package struct LogOutput: Sendable {
    /// The program's own logger.
    package let logger: Logger
    /// Where its lines go.
    package let sink: LogSink
    /// How they look.
    package let format: LogFormat
    /// Whether lines about leads are wanted: `LOG_ROUTING`, and a level that lets them through.
    package let isAboutLeads: Bool

    /// What reports errors to Sentry; nil without `SENTRY_DSN`.
    package let sentry: SentryReporter?

    /// Sends log lines to standard error, and errors to Sentry where it is set up.
    ///
    /// - Parameter settings: the level, how lines look, and whether there is one for each lead.
    /// - Returns: where the lines go.
    package static func bootstrap(_ settings: Settings) -> LogOutput {
        let level = Logger.Level(rawValue: settings.logLevel) ?? .info
        let format = settings.monitoring.logFormat ?? (isatty(STDERR_FILENO) == 1 ? .text : .json)
        let sentry = settings.monitoring.sentryReporter()
        let sink = LogSink(format: format)
        sink.start()
        LoggingSystem.bootstrap { label in
            LineLogHandler(label: label, level: level, format: format, sink: sink, witness: sentry)
        }
        return LogOutput(
            logger: Logger(label: "switchyard"),
            sink: sink,
            format: format,
            isAboutLeads: settings.monitoring.logsRouting && level <= .info,
            sentry: sentry
        )
    }

    /// A logger for commands: what makes a command fail is said by the command.
    package static func forCommands() -> Logger {
        var logger = Logger(label: "switchyard") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .error
        return logger
    }
}
