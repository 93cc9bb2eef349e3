package import Instrumentation
import LeadRouting
import ServiceContextModule
package import Tracing

/// Creates spans, propagates their ids by W3C Trace Context, and passes recorded spans to an exporter.
///
/// It is passed to its users, not installed for the whole process: libraries would otherwise record full addresses,
/// some of which are secrets.
package struct SpanTracer: Tracer {
    private let sampling: TraceSampling
    private let record: @Sendable (FinishedSpan) -> Void

    /// A tracer.
    ///
    /// - Parameters:
    ///   - sampling: which traces are recorded.
    ///   - record: receives finished spans; must return at once.
    package init(sampling: TraceSampling, record: @escaping @Sendable (FinishedSpan) -> Void) {
        self.sampling = sampling
        self.record = record
    }

    package func startSpan<Instant: TracerInstant>(
        _ operationName: String,
        context: @autoclosure () -> ServiceContext,
        ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant,
        function: String,
        file fileID: String,
        line: UInt
    ) -> RecordedSpan {
        var context = context()
        let now = instant().nanosecondsSinceEpoch
        let span = begin(operationName, kind, under: context.trace, at: now)
        context.trace = TraceContext(parent: span.own, state: span.state)
        return RecordedSpan(context: context, span: span, record: record)
    }

    package func forceFlush() {}

    package func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier,
        into context: inout ServiceContext,
        using extractor: Extract
    ) where Extract.Carrier == Carrier {
        if let trace = TraceContext(carrier, extractor) { context.trace = trace }
    }

    package func inject<Carrier, Inject: Injector>(
        _ context: ServiceContext,
        into carrier: inout Carrier,
        using injector: Inject
    ) where Inject.Carrier == Carrier {
        context.trace?.write(to: &carrier, injector)
    }

    /// A span with new ids, under another or at the root of a trace.
    func begin(_ name: String, _ kind: SpanKind, under above: TraceContext?, at now: UInt64) -> FinishedSpan {
        let traceID =
            above?.parent.traceID ?? Self.hexadecimal(.random(in: .min ... .max)) + Self.hexadecimal(Self.id())
        let own = TraceParent(
            traceID: traceID,
            spanID: Self.hexadecimal(Self.id()),
            isSampled: sampling.records(traceID: traceID, parent: above?.parent)
        )
        return FinishedSpan(
            name: name,
            kind: kind,
            own: own,
            state: above?.state,
            parentSpanID: above?.parent.spanID,
            startedAt: now,
            endedAt: now
        )
    }

    /// Exports a span that was measured elsewhere, if it is recorded.
    func take(_ span: FinishedSpan) {
        if span.own.isSampled { record(span) }
    }

    /// Not zero, which is not a valid id.
    private static func id() -> UInt64 { .random(in: 1 ... .max) }

    private static func hexadecimal(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}
