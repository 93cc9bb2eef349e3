import JSON

/// A channel of Slack, by its incoming webhook; warnings and worse.
package struct SlackTarget: AlertTarget {
    private let address: OutsideAddress
    private let sender: any HTTPSending

    /// A channel.
    package init(address: OutsideAddress, sender: any HTTPSending) {
        self.address = address
        self.sender = sender
    }

    package var name: String { "slack" }

    package func wants(_ severity: AlertRule.Severity) -> Bool { severity >= .warning }

    package func tell(_ message: AlertMessage) async throws {
        let mark =
            message.kind == .resolved
            ? ":white_check_mark:" : message.severity == .critical ? ":rotating_light:" : ":warning:"
        var text = "\(mark) *\(Self.escaped(message.title))*"
        if message.kind != .test {
            text += "\n\(Self.escaped(message.detail))\nRunbook: \(Self.escaped(message.runbook))"
        }
        try await sender.deliver(
            OutsideRequest(
                url: address.text,
                headers: [.init("Content-Type", "application/json")],
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
