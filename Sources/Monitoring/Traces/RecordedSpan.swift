import LeadRouting
import RoutingRules
package import ServiceContextModule
import Synchronization
package import Tracing

/// A span in progress.
///
/// A span that is not recorded only has ids, which are passed to called systems.
package final class RecordedSpan: Span {
    package let context: ServiceContext
    package let isRecording: Bool

    private struct State {
        var span: FinishedSpan
        var hasEnded = false
    }

    private let state: Mutex<State>
    private let record: @Sendable (FinishedSpan) -> Void

    /// Starts a span.
    ///
    /// - Parameters:
    ///   - context: holds the span's own ids.
    ///   - span: the data so far.
    ///   - record: receives the finished span; not called if the span is not recorded.
    init(context: ServiceContext, span: FinishedSpan, record: @escaping @Sendable (FinishedSpan) -> Void) {
        self.context = context
        isRecording = span.own.isSampled
        state = Mutex(State(span: span))
        self.record = record
    }

    package var operationName: String {
        get { state.withLock { $0.span.name } }
        set { change { $0.name = newValue } }
    }

    package var attributes: SpanAttributes {
        get { state.withLock { $0.span.attributes } }
        set { change { $0.attributes = newValue } }
    }

    package func setStatus(_ status: SpanStatus) { change { $0.status = status } }

    package func addEvent(_ event: SpanEvent) { change { $0.events.append(event) } }

    package func addLink(_ link: SpanLink) {
        guard let parent = link.context.trace?.parent else { return }
        change { if $0.links.count < FinishedSpan.mostLinks { $0.links.append(parent) } }
    }

    /// Records only the error's type: its description may hold values.
    package func recordError<Instant: TracerInstant>(
        _ error: any Error,
        attributes: SpanAttributes,
        at instant: @autoclosure () -> Instant
    ) {
        guard isRecording else { return }
        var attributes = attributes
        attributes["exception.type"] = String(reflecting: type(of: error))
        addEvent(SpanEvent(name: "exception", at: instant(), attributes: attributes))
    }

    package func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
        guard isRecording else { return }
        let now = instant().nanosecondsSinceEpoch
        let finished = state.withLock { state -> FinishedSpan? in
            guard !state.hasEnded else { return nil }
            state.hasEnded = true
            state.span.endedAt = max(now, state.span.startedAt)
            return state.span
        }
        if let finished { record(finished) }
    }

    private func change(_ change: (inout FinishedSpan) -> Void) {
        guard isRecording else { return }
        state.withLock { state in
            if !state.hasEnded { change(&state.span) }
        }
    }
}
