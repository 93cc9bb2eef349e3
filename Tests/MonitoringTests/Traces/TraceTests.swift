import FoundationEssentials
import Instrumentation
import LeadRouting
import Logging
import Outbound
import RoutingRules
import ServiceContextModule
import Synchronization
import Testing
import Tracing

@testable import Monitoring

/// Spans: which are created, their parents, and what is exported.
@Suite struct TraceTests {
    private static let traceID = "4bf92f3577b34da6a3ce929d0e0e4736"
    private let caller = TraceParent(traceID: Self.traceID, spanID: "00f067aa0ba902b7", isSampled: true)

    /// Collects recorded spans.
    private final class Kept: Sendable {
        private let state = Mutex<[FinishedSpan]>([])
        func take(_ span: FinishedSpan) { state.withLock { $0.append(span) } }
        var spans: [FinishedSpan] { state.withLock { $0 } }
    }

    private struct Instant: TracerInstant {
        var nanosecondsSinceEpoch: UInt64
        static func < (left: Instant, right: Instant) -> Bool {
            left.nanosecondsSinceEpoch < right.nanosecondsSinceEpoch
        }
    }

    private struct Fields: Extractor, Injector {
        func extract(key: String, from carrier: [String: String]) -> String? { carrier[key] }
        func inject(_ value: String, forKey key: String, into carrier: inout [String: String]) { carrier[key] = value }
    }

    private func tracer(_ kept: Kept, _ sampling: TraceSampling = .standard) -> SpanTracer {
        SpanTracer(sampling: sampling) { kept.take($0) }
    }

    @Test func spanContinuesCallersTrace() throws {
        let kept = Kept()
        let tracer = tracer(kept)
        var context = ServiceContext.topLevel
        tracer.extract(["traceparent": caller.header, "tracestate": "a=1,b=2"], into: &context, using: Fields())
        let span = tracer.startSpan("outer", context: context, ofKind: .server, at: Instant(nanosecondsSinceEpoch: 5))
        var sent: [String: String] = [:]
        tracer.inject(span.context, into: &sent, using: Fields())
        let passed = try #require(sent["traceparent"].flatMap { TraceParent(header: $0) })
        #expect(passed.traceID == Self.traceID && passed.spanID != caller.spanID && passed.isSampled)
        #expect(sent["tracestate"] == "a=1,b=2")
        span.attributes["n"] = 3
        span.end(at: Instant(nanosecondsSinceEpoch: 9))
        span.end(at: Instant(nanosecondsSinceEpoch: 11))
        span.attributes["late"] = true
        let finished = try #require(kept.spans.first)
        #expect(kept.spans.count == 1 && finished.startedAt == 5 && finished.endedAt == 9)
        #expect(finished.parentSpanID == caller.spanID && finished.own == passed)
        #expect(finished.attributes.get("n") == .int64(3) && finished.attributes.get("late") == nil)
    }

    @Test func malformedTraceStartsNewOne() {
        let kept = Kept()
        let tracer = tracer(kept)
        var ids: Set<String> = []
        for header in ["", "00-zz-1-01", "00-\(Self.traceID)-0000000000000000-01"] {
            var context = ServiceContext.topLevel
            tracer.extract(["traceparent": header, "tracestate": "a=1"], into: &context, using: Fields())
            #expect(context.trace == nil)
            let span = tracer.startSpan("top", context: context)
            span.end()
            if let own = span.context.trace?.parent { ids.insert(own.traceID) }
        }
        #expect(ids.count == 3 && ids.allSatisfy { $0.utf8.count == 32 } && !ids.contains(Self.traceID))
        #expect(kept.spans.allSatisfy { $0.parentSpanID == nil && $0.state == nil })
    }

    /// An error's text may hold personal data: only its type is sent.
    @Test func errorIsRecordedByTypeOnly() throws {
        struct Odd: Error, CustomStringConvertible { let description = "a@example.com" }
        let kept = Kept()
        let span = tracer(kept).startSpan("x", context: .topLevel)
        span.recordError(Odd())
        span.end()
        let body = OTLPRequest.body(kept.spans, resource: [], version: "1")
        let text = String(decoding: body, as: UTF8.self)
        #expect(text.contains("exception.type") && text.contains("Odd") && !text.contains("example.com"))
    }

    @Test func samplingFollowsCallerOrRatio() {
        let quiet = TraceParent(traceID: Self.traceID, spanID: "00f067aa0ba902b7", isSampled: false)
        #expect(TraceSampling.standard.records(traceID: Self.traceID, parent: nil))
        #expect(!TraceSampling.standard.records(traceID: Self.traceID, parent: quiet))
        let never = TraceSampling(name: "parentbased_always_off", argument: nil)
        #expect(never?.records(traceID: Self.traceID, parent: nil) == false)
        #expect(never?.records(traceID: Self.traceID, parent: caller) == true)
        let always = TraceSampling(name: "always_on", argument: nil)
        #expect(always?.records(traceID: Self.traceID, parent: quiet) == true)
        let tenth = TraceSampling(ratio: 0.1, followsParent: true)
        let low = String(repeating: "f", count: 18) + "19999999999999"
        let high = String(repeating: "f", count: 18) + "1999999999999a"
        #expect(tenth.records(traceID: low, parent: nil) && !tenth.records(traceID: high, parent: nil))
        #expect(TraceSampling(name: "traceidratio", argument: "1.5") == nil)
        #expect(TraceSampling(name: "jaeger_remote", argument: nil) == nil)
    }

    private func lead(_ parent: TraceParent?, _ result: MeasuredLead.Result = .success) -> MeasuredLead {
        MeasuredLead(
            id: UUID(),
            source: UUID(),
            result: result,
            outcome: nil,
            attempt: 1,
            trace: RequestTrace(requestID: "r", parent: parent)
        )
    }

    private func batch(_ path: MeasuredBatch.Path, _ leads: [MeasuredLead]) -> MeasuredBatch {
        MeasuredBatch(path: path, duration: .milliseconds(4), endedAt: 1_000, leads: leads)
    }

    /// Many requests, one transaction: a child of the first, with links to the others.
    @Test func batchSpanLinksItsRequests() throws {
        let kept = Kept()
        let spans = BatchSpans(tracer: tracer(kept))
        let other = TraceParent(traceID: String(repeating: "a", count: 32), spanID: "1111111111111111", isSampled: true)
        let quiet = TraceParent(
            traceID: String(repeating: "b", count: 32),
            spanID: "2222222222222222",
            isSampled: false
        )
        spans.measure(batch(.intake, [lead(quiet), lead(caller), lead(caller, .duplicate), lead(other), lead(nil)]))
        let span = try #require(kept.spans.first)
        #expect(span.own.traceID == Self.traceID && span.parentSpanID == caller.spanID && span.links == [other])
        #expect(span.startedAt == 996_000_000 && span.endedAt == 1_000_000_000)
        #expect(span.attributes.get("switchyard.leads") == .int64(5))
        #expect(span.attributes.get("switchyard.leads.success") == .int64(4))
        spans.measure(batch(.intake, [lead(quiet), lead(nil)]))
        #expect(kept.spans.count == 1)
        spans.measure(batch(.waiting, [lead(nil)]))
        #expect(kept.spans.count == 2 && kept.spans.last?.parentSpanID == nil)
    }

    private func exporter(_ transport: RecordingTransport) -> SpanExporter {
        SpanExporter(
            collector: TraceCollector(
                url: "https://collector.example/v1/traces",
                headers: [("x-key", Secret("k"))],
                resource: [("service.name", "s")],
                version: "9"
            ),
            transport: transport,
            logger: Logger(label: "test")
        )
    }

    private func span(_ name: String) -> FinishedSpan {
        FinishedSpan(name: name, kind: .client, own: caller, parentSpanID: nil, startedAt: 1, endedAt: UInt64.max)
    }

    @Test func spansAreSentAsOTLP() async throws {
        let transport = RecordingTransport()
        let exporter = exporter(transport)
        exporter.take(span("one"))
        await exporter.sendAll()
        let request = try #require(transport.sent.first)
        #expect(request.headers.contains(HeaderField("x-key", "k")) && request.url.hasSuffix("/v1/traces"))
        let text = String(decoding: request.body, as: UTF8.self)
        #expect(text.contains(#""endTimeUnixNano":"18446744073709551615""#) && text.contains(#""kind":3"#))
        #expect(text.contains(#""traceId":"\#(Self.traceID)""#) && !text.contains("parentSpanId"))
        #expect(text.contains(#"{"key":"service.name","value":{"stringValue":"s"}}"#))
    }

    /// Requests to retry are kept, refused ones are dropped, and those beyond the limit are counted.
    @Test func queueIsBounded() async {
        let transport = RecordingTransport(statuses: [503, 400])
        let exporter = exporter(transport)
        for _ in 0..<(SpanExporter.batch + 1) { exporter.take(span("x")) }
        await exporter.sendAll()
        #expect(transport.sent.count == 1)
        await exporter.sendAll()
        #expect(transport.sent.count == 3)
        await exporter.sendAll()
        #expect(transport.sent.count == 3 && exporter.dropped == 0)
        for _ in 0..<(SpanExporter.bound + 7) { exporter.take(span("x")) }
        #expect(exporter.dropped == 7)
    }

    /// Only the host of an address is recorded: a webhook's path is a secret.
    @Test func outgoingRequestsCarryTraceWithoutSecrets() async throws {
        let kept = Kept()
        let tracer = tracer(kept)
        let transport = RecordingTransport(statuses: [500])
        var context = ServiceContext.topLevel
        context.trace = TraceContext(parent: caller)
        let url = "https://user:word@hooks.example:8443/T0/secret?key=secret"
        try await ServiceContext.withValue(context) {
            _ = try await TracedTransport(transport, tracer: tracer).send(OutboundRequest("POST", url))
        }
        let header = try #require(transport.sent.first?.headers.first { $0.name == "traceparent" }?.value)
        #expect(TraceParent(header: header)?.traceID == Self.traceID && header != caller.header)
        let body = OTLPRequest.body(kept.spans, resource: [], version: "1")
        let text = String(decoding: body, as: UTF8.self)
        #expect(text.contains(#""hooks.example""#) && !text.contains("secret") && !text.contains("word"))
        #expect(text.contains(#""status":{"code":2}"#))
    }
}
