import Logging
import Monitoring
import Outbound

/// The tracer and the exporter, if a collector is configured.
struct Traces: Sendable {
    /// Creates spans.
    let tracer: SpanTracer
    /// Exports spans.
    let exporter: SpanExporter

    /// Creates both.
    init(_ settings: TraceSettings, transport: any HTTPTransport, logger: Logger) {
        let exporter = SpanExporter(collector: settings.collector, transport: transport, logger: logger)
        self.exporter = exporter
        tracer = SpanTracer(sampling: settings.sampling) { exporter.take($0) }
    }
}
