import FoundationEssentials
import LeadRouting
import RoutingRules
import Testing

@testable import Monitoring

#if canImport(Glibc)
import Glibc
#endif

/// The log line of a lead: ids and measurements, and no free text.
@Suite struct RoutingLogTests {
    @Test func oneLinePerLead() throws {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        defer { close(ends[0]) }
        let sink = LogSink(descriptor: ends[1], format: .json)
        let lead = UUID()
        let rule = UUID()
        let outcome = RoutingOutcome(
            leadID: lead,
            status: .routed,
            destinationWorkspaceID: UUID(),
            matchedRuleID: rule,
            reason: "Canary reason by \(OwnedName(.rule(rule), "Canary rule", owner: nil))"
        )
        let trace = RequestTrace(
            requestID: "r-9",
            parent: TraceParent(header: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
        )
        let measured = MeasuredLead(
            id: lead,
            source: UUID(),
            result: .success,
            outcome: outcome,
            attempt: 1,
            latency: .microseconds(3412),
            age: .microseconds(3412),
            trace: trace
        )
        let waiting = MeasuredLead(
            id: UUID(),
            source: UUID(),
            result: .retry,
            outcome: nil,
            attempt: 3,
            age: .seconds(65)
        )
        let log = RoutingLog(format: .json, sink: sink)
        log.measure(MeasuredBatch(path: .intake, duration: .milliseconds(2), endedAt: 0, leads: [measured, waiting]))
        sink.flush()
        close(ends[1])
        var buffer = [UInt8](repeating: 0, count: 8192)
        let count = read(ends[0], &buffer, buffer.count)
        let lines = buffer.prefix(max(0, count)).split(separator: 0x0A).map { Data($0) }
        #expect(lines.count == 2)
        let first = try JSONDecoder().decode([String: JSONish].self, from: lines[0])
        #expect(first["lead.id"]?.text == lead.text && first["rule.id"]?.text == rule.text)
        #expect(first["routing.duration_ms"]?.number == 3.412 && first["routing.attempt"]?.number == 1)
        #expect(first["request.id"]?.text == "r-9" && first["trace.id"]?.text == "4bf92f3577b34da6a3ce929d0e0e4736")
        let second = try JSONDecoder().decode([String: JSONish].self, from: lines[1])
        #expect(second["routing.age_ms"]?.number == 65_000 && second["routing.duration_ms"] == nil)
        #expect(second["routing.attempt"]?.number == 3 && second["rule.id"] == nil)
        #expect(!String(decoding: buffer, as: UTF8.self).contains("Canary"))
    }
}
