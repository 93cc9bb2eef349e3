import Logging
import Monitoring

#if canImport(Glibc)
import Glibc
#endif

/// Where log lines go, and which of them.
struct LogOutput: Sendable {
    /// The program's own logger.
    let logger: Logger
    /// Where its lines go.
    let sink: LogSink
    /// How they look.
    let format: LogFormat
    /// Whether lines about leads are wanted: `LOG_ROUTING`, and a level that lets them through.
    let isAboutLeads: Bool

    /// Sends log lines to standard error.
    ///
    /// - Parameters:
    ///   - level: one of swift-log's levels; anything else is `info`.
    ///   - settings: how lines look, and whether there is one for each lead.
    ///   - witness: who is told of errors.
    /// - Returns: where the lines go.
    static func bootstrap(
        level: String,
        _ settings: MonitoringSettings,
        witness: (any ErrorWitness)? = nil
    ) -> LogOutput {
        let level = Logger.Level(rawValue: level) ?? .info
        let format = settings.logFormat ?? (isatty(STDERR_FILENO) == 1 ? .text : .json)
        let sink = LogSink(format: format)
        sink.start()
        LoggingSystem.bootstrap { label in
            LineLogHandler(label: label, level: level, format: format, sink: sink, witness: witness)
        }
        return LogOutput(
            logger: Logger(label: "switchyard"),
            sink: sink,
            format: format,
            isAboutLeads: settings.logsRouting && level <= .info
        )
    }

    /// A logger for commands: what makes a command fail is said by the command.
    static func forCommands() -> Logger {
        var logger = Logger(label: "switchyard") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .error
        return logger
    }
}
