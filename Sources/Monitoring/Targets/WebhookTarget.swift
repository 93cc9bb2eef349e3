import Digests
import FoundationEssentials
import JSON
package import Outbound

/// A receiver of one's own: every alert, as JSON, signed.
///
/// `X-Switchyard-Signature: t=SECONDS,v1=HEX` is HMAC-SHA256 over `SECONDS.BODY` under the shared secret;
/// `X-Switchyard-Notification` is the same whenever the same message is sent.
package struct WebhookTarget: AlertTarget {
    private let address: OutboundAddress
    private let secret: Secret?
    private let transport: any HTTPTransport
    private let seconds: @Sendable () -> Int64

    /// A receiver.
    package init(
        address: OutboundAddress,
        secret: Secret?,
        transport: any HTTPTransport,
        seconds: @escaping @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970) }
    ) {
        self.address = address
        self.secret = secret
        self.transport = transport
        self.seconds = seconds
    }

    package var name: String { "webhook" }

    package func accepts(_ severity: AlertRule.Severity) -> Bool { true }

    package func send(_ message: AlertMessage) async throws {
        let body = JSONWriter.bytes { writer in
            writer.object { writer in
                writer.member("id", message.id)
                writer.member("kind", message.kind.rawValue)
                writer.member("alert", message.alert)
                writer.member("episode", message.episode)
                writer.member("severity", message.severity.rawValue)
                writer.member("summary", message.kind == .test ? message.title : message.summary)
                if let value = message.value { writer.member("value", value) }
                writer.member("condition", message.condition)
                writer.member("runbook", message.runbook)
                writer.member("time", "\(message.time)")
            }
        }
        var headers: [HeaderField] = [
            HeaderField("Content-Type", "application/json"), HeaderField("X-Switchyard-Notification", message.id),
        ]
        if let secret {
            let time = seconds()
            headers.append(HeaderField("X-Switchyard-Signature", Self.signature(of: body, secret: secret, at: time)))
        }
        try await transport.deliver(OutboundRequest("POST", address.text, headers: headers, body: body))
    }

    /// What the header says for a body.
    package static func signature(of body: [UInt8], secret: Secret, at seconds: Int64) -> String {
        let digits = SHA256.authenticationCode(of: "\(seconds).".utf8 + body, key: Array(secret.exposed.utf8))
            .map { byte in
                let text = String(byte, radix: 16)
                return text.count == 1 ? "0" + text : text
            }
        return "t=\(seconds),v1=\(digits.joined())"
    }
}
