import Logging
import Monitoring

/// What makes spans and what sends them, as far as a collector is named.
struct Traces: Sendable {
    /// What makes spans.
    let tracer: SpanTracer
    /// What sends them.
    let exporter: SpanExporter

    /// Puts them together.
    init(_ settings: TraceSettings, logger: Logger) {
        let exporter = SpanExporter(collector: settings.collector, sender: OutsideHTTP(), logger: logger)
        self.exporter = exporter
        tracer = SpanTracer(sampling: settings.sampling) { exporter.take($0) }
    }
}
