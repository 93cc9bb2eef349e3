import FoundationEssentials
import Logging
import Outbound
import Synchronization
import Testing

@testable import Monitoring

/// The data sent to Sentry: grouped errors, limited for each kind, without personal data.
@Suite struct SentryTests {
    private let origin = SentryOrigin(version: "9", environment: "test", node: "n")

    private func reporter(
        _ transport: RecordingTransport,
        rate: Double = 1,
        time: ManualClock = ManualClock(0)
    ) throws -> SentryReporter {
        SentryReporter(
            dsn: try #require(SentryDSN("https://abc@example.com/42")),
            origin: origin,
            rate: rate,
            transport: transport,
            seconds: { time.value }
        )
    }

    /// A clock that tests advance.
    final class ManualClock: Sendable {
        private let state: Mutex<Double>
        init(_ value: Double) { state = Mutex(value) }
        var value: Double { state.withLock { $0 } }
        func add(_ amount: Double) { state.withLock { $0 += amount } }
    }

    @Test func envelopeHasErrorAndContext() async throws {
        let transport = RecordingTransport()
        let reporter = try reporter(transport)
        reporter.report(
            level: .error,
            message: "gave up on a batch",
            metadata: ["error": "lost (08006)", "batch.leads": "3", "lead.email": "a@example.com", "request.id": "r-1"]
        )
        await reporter.sendAll()
        let request = try #require(transport.sent.first)
        #expect(request.url == "https://example.com/api/42/envelope/")
        #expect(request.headers.contains { $0.name == "X-Sentry-Auth" && $0.value.hasSuffix("sentry_key=abc") })
        let parts = request.body.split(separator: 0x0A).map(Array.init)
        #expect(parts.count == 3)
        let head = try JSONDecoder().decode([String: JSONish].self, from: Data(parts[0]))
        let item = try JSONDecoder().decode([String: JSONish].self, from: Data(parts[1]))
        let event = try JSONDecoder().decode([String: JSONish].self, from: Data(parts[2]))
        #expect(item["length"]?.number == Double(parts[2].count) && item["type"]?.text == "event")
        #expect(head["event_id"]?.text == event["event_id"]?.text && event["event_id"]?.text?.count == 32)
        #expect(event["release"]?.text == "switchyard@9" && event["level"]?.text == "error")
        #expect(event["extra"]?.members?["request.id"]?.text == "r-1")
        #expect(!String(decoding: request.body, as: UTF8.self).contains("example.com\""))
        #expect(!String(decoding: request.body, as: UTF8.self).contains("lead.email"))
    }

    @Test func equalErrorsAreSentOncePerMinute() async throws {
        let transport = RecordingTransport()
        let time = ManualClock(1000)
        let reporter = try reporter(transport, time: time)
        for _ in 0..<50 { reporter.report(level: .error, message: "m", metadata: [:]) }
        reporter.report(level: .error, message: "another", metadata: [:])
        await reporter.sendAll()
        #expect(transport.sent.count == 2)
        time.add(60)
        reporter.report(level: .error, message: "m", metadata: [:])
        await reporter.sendAll()
        #expect(transport.sent.count == 3)
        #expect(String(decoding: transport.sent[2].body, as: UTF8.self).contains(#""suppressed":"49""#))
    }

    @Test func queueIsBoundedAndSampled() async throws {
        let transport = RecordingTransport()
        let reporter = try reporter(transport)
        for number in 0..<500 { reporter.report(level: .error, message: "m\(number)", metadata: [:]) }
        await reporter.sendAll()
        #expect(transport.sent.count == SentryReporter.bound)
        let none = RecordingTransport()
        let silent = try self.reporter(none, rate: 0)
        silent.report(level: .error, message: "m", metadata: [:])
        await silent.sendAll()
        #expect(none.sent.isEmpty)
    }

    @Test(arguments: ["https://k@h/1", "https://k:s@h.example.com/path/77/", "http://k@127.0.0.1:9000/3"])
    func dsnIsParsed(text: String) { #expect(SentryDSN(text) != nil) }

    @Test(arguments: [
        "https://h/1", "http://k@example.com/1", "https://k@h", "https://k@h/x", "k@h/1", "https://@h/1", "",
    ])
    func malformedDSNIsRefused(text: String) { #expect(SentryDSN(text) == nil) }

    @Test(arguments: [
        "write to canary.person@example.com now", "call +1 (555) 010-4477 today", "tel 555-010-4477", "5550104477",
        "Authorization: Bearer abc.def", "key sw_live_abcdef", "postgres://u:p@host/db", "password=hunter2",
    ])
    func scrubberRemovesPersonalData(text: String) {
        let scrubbed = Scrubber.scrub(text)
        #expect(scrubbed.contains(Scrubber.mark))
        for secret in ["canary", "555", "4477", "abc.def", "sw_live", "u:p", "hunter2"] {
            #expect(!scrubbed.contains(secret))
        }
    }

    @Test(arguments: [
        "gave up on a batch", "SQLSTATE 08006", "019ab3c4-1111-7abc-8def-0123456789ab", "status 503 after 30 s",
        "batch of 512 leads", "line 12, column 7",
    ])
    func scrubberKeepsOtherText(text: String) { #expect(Scrubber.scrub(text) == text) }
}
