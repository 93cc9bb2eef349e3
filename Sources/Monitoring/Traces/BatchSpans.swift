package import LeadRouting
import RoutingRules
import Tracing

/// Creates a span for every batch of leads that belongs to a recorded request.
///
/// Leads of many requests are written in one transaction. The span is a child of the first recorded request and has
/// links to the others, as OpenTelemetry recommends for batches. It is created from existing measurements, after the
/// answers.
package struct BatchSpans: RoutingMeter {
    private let tracer: SpanTracer

    /// Spans by a tracer.
    package init(tracer: SpanTracer) { self.tracer = tracer }

    package func measure(_ batch: MeasuredBatch) {
        var parents: [TraceParent] = []
        var seen: Set<String> = []
        for lead in batch.leads {
            guard let parent = lead.trace?.parent, parent.isSampled, seen.insert(parent.spanID).inserted else {
                continue
            }
            parents.append(parent)
        }
        // A lead that waited no longer has a request: its batch begins its own trace.
        guard !parents.isEmpty || batch.path == .waiting || batch.path == .retry else { return }
        let end = UInt64(max(0, batch.endedAt)) * 1_000_000
        let length = UInt64(max(0, batch.duration / .nanoseconds(1)))
        var span = tracer.begin(
            "route leads",
            .internal,
            under: parents.first.map { TraceContext(parent: $0) },
            at: end > length ? end - length : 0
        )
        guard span.own.isSampled else { return }
        span.endedAt = end
        span.links = Array(parents.dropFirst().prefix(FinishedSpan.mostLinks))
        span.attributes["switchyard.path"] = batch.path.rawValue
        span.attributes["switchyard.leads"] = batch.leads.count
        var counts: [MeasuredLead.Result: Int] = [:]
        for lead in batch.leads { counts[lead.result, default: 0] += 1 }
        for (result, count) in counts { span.attributes["switchyard.leads.\(result.rawValue)"] = count }
        if batch.leads.count == 1, let lead = batch.leads.first {
            span.attributes["switchyard.lead.id"] = lead.id.text
            if let rule = lead.outcome?.matchedRuleID { span.attributes["switchyard.rule.id"] = rule.text }
        }
        if counts[.refused] == batch.leads.count { span.status = SpanStatus(code: .error) }
        tracer.take(span)
    }

    package func refuse(_ count: Int, because code: IntakeError.Code) {}
    package func lockFailed() {}
}
