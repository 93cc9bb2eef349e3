import FoundationEssentials
package import Logging

/// Reports logged errors to another system.
package protocol ErrorReporter: Sendable {
    /// Reports an error; must return at once.
    func report(level: Logger.Level, message: String, metadata: [String: String])
}

/// Writes swift-log's events as JSON lines, or as text for a terminal.
package struct LineLogHandler: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    package var logLevel: Logger.Level
    private let label: String
    private let format: LogFormat
    private let sink: LogSink
    private let reporter: (any ErrorReporter)?

    /// A handler.
    ///
    /// - Parameters:
    ///   - label: the logger's label.
    ///   - level: the lowest level that is written.
    ///   - format: the format of lines.
    ///   - sink: the sink for lines.
    ///   - reporter: reports errors to another system.
    package init(
        label: String,
        level: Logger.Level,
        format: LogFormat,
        sink: LogSink,
        reporter: (any ErrorReporter)? = nil
    ) {
        self.label = label
        logLevel = level
        self.format = format
        self.sink = sink
        self.reporter = reporter
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { _, new in new } }
        if let own = event.metadata { all.merge(own) { _, new in new } }
        var line = LogLine(format)
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        line.begin(time: now, level: Self.name(event.level), message: event.message.description)
        if format == .json { line.field("logger", label) }
        for (name, value) in all.sorted(by: { $0.key < $1.key }) { line.field(named: name, value.description) }
        line.end()
        sink.write(line.bytes)
        if event.level >= .error, let reporter {
            reporter.report(
                level: event.level,
                message: event.message.description,
                metadata: all.mapValues(\.description)
            )
        }
    }

    private static func name(_ level: Logger.Level) -> StaticString {
        switch level {
        case .trace: "trace"
        case .debug: "debug"
        case .info: "info"
        case .notice: "notice"
        case .warning: "warning"
        case .error: "error"
        case .critical: "critical"
        }
    }
}
