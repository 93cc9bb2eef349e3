import Digests
import FoundationEssentials
import Outbound
import Postgres
import Testing

@testable import Monitoring

/// The message of each target, and the meaning of its answers.
@Suite struct TargetTests {
    private func message(_ kind: AlertMessage.Kind, severity: AlertRule.Severity = .critical) -> AlertMessage {
        AlertMessage(
            id: "disk:4:\(kind.rawValue):0:x",
            kind: kind,
            alert: "disk",
            episode: 4,
            severity: severity,
            summary: "A disk is <nearly> full & slow.",
            value: 7.125,
            condition: "< 10 % free for 60 s",
            runbook: "https://example.com/runbooks/disk.md",
            time: Timestamp(microsecondsSinceUnixEpoch: 1_764_019_861_000_000)
        )
    }

    private func address(_ text: String = "https://example.com/hook/secret") throws -> OutboundAddress {
        try #require(OutboundAddress(text))
    }

    private func object(_ request: OutboundRequest?) throws -> [String: JSONish] {
        try JSONDecoder().decode([String: JSONish].self, from: Data(try #require(request).body))
    }

    @Test func slackMessageHasFields() async throws {
        let transport = RecordingTransport()
        try await SlackTarget(address: address(), transport: transport).send(message(.fired))
        let text = try object(transport.sent.first)["text"]?.text
        #expect(text?.contains("A disk is &lt;nearly&gt; full &amp; slow.") == true)
        #expect(text?.contains("Value 7.13, condition &lt; 10 % free for 60 s.") == true)
        #expect(text?.contains("https://example.com/runbooks/disk.md") == true)
    }

    @Test func webhooksAreSigned() async throws {
        let transport = RecordingTransport()
        let target = WebhookTarget(address: try address(), secret: Secret("s3cret"), transport: transport) {
            1_764_019_900
        }
        try await target.send(message(.resolved))
        let request = try #require(transport.sent.first)
        let body = try object(request)
        #expect(body["kind"]?.text == "resolved" && body["alert"]?.text == "disk" && body["episode"]?.number == 4)
        #expect(request.headers.contains(HeaderField("X-Switchyard-Notification", "disk:4:resolved:0:x")))
        let signature = request.headers.first { $0.name == "X-Switchyard-Signature" }?.value
        let code = SHA256.authenticationCode(of: "1764019900.".utf8 + request.body, key: Array("s3cret".utf8))
        let hex = code.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
        #expect(signature == "t=1764019900,v1=\(hex)")
    }

    @Test func pagerDutyEventHasFields() async throws {
        let transport = RecordingTransport()
        let target = PagerDutyTarget(
            routingKey: Secret("key"),
            address: try address(),
            source: "n",
            transport: transport
        )
        try await target.send(message(.fired))
        try await target.send(message(.resolved))
        let events = try transport.sent.map(object)
        #expect(events.map { $0["event_action"]?.text } == ["trigger", "resolve"])
        #expect(events.map { $0["dedup_key"]?.text } == ["switchyard:disk:4", "switchyard:disk:4"])
        #expect(events[0]["routing_key"]?.text == "key")
        let payload = events[0]["payload"]?.members
        #expect(payload?["severity"]?.text == "critical" && payload?["source"]?.text == "n")
    }

    @Test func datadogEventHasFields() async throws {
        let transport = RecordingTransport()
        let account = DatadogAccount(
            key: Secret("k"),
            address: try address("https://api.datadoghq.eu"),
            tags: ["env:x"]
        )
        try await DatadogTarget(account: account, transport: transport).send(message(.fired))
        let request = try #require(transport.sent.first)
        #expect(request.url == "https://api.datadoghq.eu/api/v1/events")
        #expect(request.headers.contains(HeaderField("DD-API-KEY", "k")))
        let event = try object(request)
        #expect(event["alert_type"]?.text == "error" && event["date_happened"]?.number == 1_764_019_861)
    }

    @Test(arguments: [
        (200, nil), (202, nil), (301, false), (400, false), (404, false), (408, true), (429, true), (503, true),
    ])
    func responseStatusDecidesRetry(status: Int, isWorthRepeating: Bool?) async throws {
        let transport = RecordingTransport(statuses: [status])
        do {
            try await SlackTarget(address: address(), transport: transport).send(message(.fired))
            #expect(isWorthRepeating == nil)
        } catch let failure as DeliveryFailure {
            #expect(failure.isWorthRepeating == isWorthRepeating)
            #expect(!failure.description.contains("secret"))
        }
    }

    @Test func secretsAreNotPrinted() throws {
        let secret = Secret("hunter2")
        #expect("\(secret) \(String(reflecting: secret)) \([secret])" == "••• ••• [•••]")
        var dumped = ""
        dump(secret, to: &dumped)
        dump(try #require(SentryDSN("https://hunter2@example.com/1")), to: &dumped)
        #expect(!dumped.contains("hunter2"))
        #expect(
            secret.matches("hunter2") && !secret.matches("hunter") && !secret.matches("hunter22") && !secret.matches("")
        )
        #expect(!Secret("").matches(""))
        #expect("\(try address())" == "•••")
    }

    /// A mail is one message: nothing in an alert can add a field, a line or a second message.
    @Test func mailIsWellFormed() {
        var message = message(.fired)
        message = AlertMessage(
            id: "a\r\nBcc: x",
            kind: .fired,
            alert: "disk",
            episode: 1,
            severity: .critical,
            summary: "One\r\nBcc: everybody@example.com\r\n.\r\nQUIT é",
            value: 1,
            condition: message.condition,
            runbook: message.runbook,
            time: message.time
        )
        let mail = EmailTarget.mail(
            message,
            from: "s@example.com",
            to: ["a@example.com", "b@example.com"],
            now: 1_764_019_861
        )
        let lines = mail.split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
        #expect(lines.prefix(2) == ["From: Switchyard <s@example.com>", "To: <a@example.com>, <b@example.com>"])
        #expect(lines[3] == "Date: 24 Nov 2025 21:31:01 +0000")
        #expect(!lines.contains { $0.hasPrefix("Bcc") || $0 == "." || $0 == "QUIT" })
        #expect(mail.utf8.allSatisfy { $0 < 0x80 })
        #expect(mail.hasSuffix("\r\n"))
    }
}

/// JSON of whatever kind, as far as these tests look.
enum JSONish: Decodable {
    case text(String)
    case number(Double)
    case members([String: JSONish])
    case elements([JSONish])
    case other

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            self = .text(text)
        } else if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else if let members = try? container.decode([String: JSONish].self) {
            self = .members(members)
        } else if let elements = try? container.decode([JSONish].self) {
            self = .elements(elements)
        } else {
            self = .other
        }
    }

    var text: String? { if case .text(let text) = self { text } else { nil } }
    var number: Double? { if case .number(let number) = self { number } else { nil } }
    var members: [String: JSONish]? { if case .members(let members) = self { members } else { nil } }
}
