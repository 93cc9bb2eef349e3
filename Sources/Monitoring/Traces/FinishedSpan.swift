package import LeadRouting
package import Tracing

/// A finished span, as it is exported.
package struct FinishedSpan: Sendable {
    /// Its name: the operation, never a value.
    package var name: String
    /// The kind of span.
    package var kind: SpanKind
    /// Its trace id and span id.
    package var own: TraceParent
    /// The `tracestate` of other systems.
    package var state: String?
    /// The parent span: 16 hexadecimal digits.
    package var parentSpanID: String?
    /// Nanoseconds since 1970.
    package var startedAt: UInt64
    /// Nanoseconds since 1970.
    package var endedAt: UInt64
    /// Its attributes.
    package var attributes = SpanAttributes()
    /// Its events.
    package var events: [SpanEvent] = []
    /// Related spans besides its parent.
    package var links: [TraceParent] = []
    /// Whether it succeeded; nil if unknown.
    package var status: SpanStatus?

    /// The most links of a span, OpenTelemetry's default.
    package static let mostLinks = 128
}
