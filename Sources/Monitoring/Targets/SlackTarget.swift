import FoundationEssentials

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
        struct Body: Encodable { let text: String }
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
                body: JSONBody.bytes(Body(text: text))
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

/// Prints what is sent.
enum JSONBody {
    /// A value as JSON with sorted keys, so that a repetition is the same to the byte.
    static func bytes(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return [UInt8](try encoder.encode(value))
    }
}
