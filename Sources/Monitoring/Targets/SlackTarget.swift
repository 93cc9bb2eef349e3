import JSON
package import Outbound

/// A channel of Slack, by its incoming webhook; warnings and worse.
package struct SlackTarget: AlertTarget {
    private let address: OutboundAddress
    private let transport: any HTTPTransport

    /// A channel.
    package init(address: OutboundAddress, transport: any HTTPTransport) {
        self.address = address
        self.transport = transport
    }

    package var name: String { "slack" }

    package func accepts(_ severity: AlertRule.Severity) -> Bool { severity >= .warning }

    package func send(_ message: AlertMessage) async throws {
        let mark =
            message.kind == .resolved
            ? ":white_check_mark:" : message.severity == .critical ? ":rotating_light:" : ":warning:"
        var text = "\(mark) *\(Self.escaped(message.title))*"
        if message.kind != .test {
            text += "\n\(Self.escaped(message.detail))\nRunbook: \(Self.escaped(message.runbook))"
        }
        try await transport.deliver(
            OutboundRequest(
                "POST",
                address.text,
                headers: [HeaderField("Content-Type", "application/json")],
                body: JSONValue.object([.init("text", .string(text))]).bytes
            )
        )
    }

    /// Slack's own three.
    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            default: escaped.append(character)
            }
        }
        return escaped
    }
}
