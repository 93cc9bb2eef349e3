import Logging

/// Where log lines go, and which of them.
enum LogOutput {
    /// Sends log lines to standard error, and answers the program's own logger.
    ///
    /// - Parameter level: one of swift-log's levels; anything else is `info`.
    /// - Returns: the logger.
    static func bootstrap(level: String) -> Logger {
        let level = Logger.Level(rawValue: level) ?? .info
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = level
            return handler
        }
        return Logger(label: "switchyard")
    }

    /// A logger for commands: what makes a command fail is said by the command.
    static func forCommands() -> Logger {
        var logger = Logger(label: "switchyard") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .error
        return logger
    }
}
