import FoundationEssentials
package import LeadRouting
import RoutingRules

/// Logs one line for the outcome of each lead: ids, rule, attempt, durations; no personal data.
///
/// A rule's name and the reason are omitted, because both are free text. The ids identify them.
package struct RoutingLog: RoutingMeter {
    private let format: LogFormat
    private let sink: LogSink

    /// A log of outcomes.
    package init(format: LogFormat, sink: LogSink) {
        self.format = format
        self.sink = sink
    }

    package func measure(_ batch: MeasuredBatch) {
        var line = LogLine(format)
        for lead in batch.leads { print(lead, of: batch, to: &line) }
        sink.gather(line.bytes, count: batch.leads.count)
    }

    package func refuse(_ count: Int, because code: IntakeError.Code) {}
    package func lockFailed() {}

    private func print(_ lead: MeasuredLead, of batch: MeasuredBatch, to line: inout LogLine) {
        line.begin(time: batch.endedAt, level: "info", message: "lead routing")
        line.field("routing.result", lead.result.rawValue)
        line.field("lead.id", lead.id)
        line.field("source.id", lead.source)
        if let outcome = lead.outcome {
            if let destination = outcome.destinationWorkspaceID { line.field("destination.id", destination) }
            if let rule = outcome.matchedRuleID { line.field("rule.id", rule) }
            if let first = outcome.duplicateLeadID { line.field("duplicate.id", first) }
        }
        line.field("routing.path", batch.path.rawValue)
        line.field("routing.attempt", Int64(lead.attempt))
        if let latency = lead.latency { line.field("routing.duration_ms", milliseconds: latency) }
        if lead.latency == nil, let age = lead.age { line.field("routing.age_ms", milliseconds: age) }
        line.field("batch.duration_ms", milliseconds: batch.duration)
        if let trace = lead.trace {
            line.field("request.id", trace.requestID)
            if let parent = trace.parent { line.field("trace.id", parent.traceID) }
        }
        line.end()
    }
}
