package import LeadRouting
package import Tracing

/// A span that is over, as it is sent.
package struct FinishedSpan: Sendable {
    /// Its name: the operation, never a value.
    package var name: String
    /// What part it has in the conversation.
    package var kind: SpanKind
    /// Its own ids.
    package var own: TraceParent
    /// What other systems put beside the ids.
    package var state: String?
    /// The span above it: 16 hexadecimal digits.
    package var parentSpanID: String?
    /// Nanoseconds since 1970.
    package var startedAt: UInt64
    /// Nanoseconds since 1970.
    package var endedAt: UInt64
    /// What is known of it.
    package var attributes = SpanAttributes()
    /// Things that happened in it.
    package var events: [SpanEvent] = []
    /// Spans that it has to do with beside its parent.
    package var links: [TraceParent] = []
    /// Whether it succeeded; nil if unknown.
    package var status: SpanStatus?

    /// The most links that are sent with a span, OpenTelemetry's usual bound.
    package static let mostLinks = 128
}
