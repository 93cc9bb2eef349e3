import Logging
import Monitoring
import Outbound

/// What makes spans and what sends them, as far as a collector is named.
struct Traces: Sendable {
    /// What makes spans.
    let tracer: SpanTracer
    /// What sends them.
    let exporter: SpanExporter

    /// Puts them together.
    init(_ settings: TraceSettings, transport: any HTTPTransport, logger: Logger) {
        let exporter = SpanExporter(collector: settings.collector, transport: transport, logger: logger)
        self.exporter = exporter
        tracer = SpanTracer(sampling: settings.sampling) { exporter.take($0) }
    }
}
