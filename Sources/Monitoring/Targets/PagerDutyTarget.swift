/// A service of PagerDuty, by its Events API v2: warnings and worse page somebody, and what is over is resolved.
///
/// The deduplication key is the alert with its episode, so that a repetition opens no second incident.
package struct PagerDutyTarget: AlertTarget {
    private let address: OutsideAddress
    private let routingKey: Secret
    private let source: String
    private let sender: any HTTPSending

    /// A service.
    ///
    /// - Parameters:
    ///   - routingKey: the integration key.
    ///   - address: where events go.
    ///   - source: what the event says it comes from.
    ///   - sender: what sends.
    package init(routingKey: Secret, address: OutsideAddress, source: String, sender: any HTTPSending) {
        self.routingKey = routingKey
        self.address = address
        self.source = source
        self.sender = sender
    }

    package var name: String { "pagerduty" }

    package func wants(_ severity: AlertRule.Severity) -> Bool { severity >= .warning }

    private struct Event: Encodable {
        struct Payload: Encodable {
            let summary: String
            let source: String
            let severity: String
            let timestamp: String
            let component = "switchyard"
            let `class`: String
            let custom_details: [String: String]
        }
        struct Link: Encodable {
            let href: String
            let text: String
        }

        let routing_key: String
        let event_action: String
        let dedup_key: String
        let payload: Payload
        let links: [Link]?
    }

    package func tell(_ message: AlertMessage) async throws {
        let isWeb = message.runbook.hasPrefix("https://") || message.runbook.hasPrefix("http://")
        let event = Event(
            routing_key: routingKey.exposed,
            event_action: message.kind == .resolved ? "resolve" : "trigger",
            dedup_key: "switchyard:\(message.alert):\(message.episode)",
            payload: .init(
                summary: String(message.title.prefix(1024)),
                source: source,
                severity: message.kind == .test ? "info" : message.severity.rawValue,
                timestamp: "\(message.time)",
                class: message.alert,
                custom_details: [
                    "value": message.value.map(MetricRegistry.number) ?? "unknown", "condition": message.condition,
                    "runbook": message.runbook,
                ]
            ),
            links: isWeb ? [.init(href: message.runbook, text: "Runbook")] : nil
        )
        try await sender.deliver(
            OutsideRequest(
                url: address.text,
                headers: [.init("Content-Type", "application/json")],
                body: JSONBody.bytes(event)
            )
        )
    }
}
