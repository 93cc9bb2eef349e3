import JSON
package import Outbound

/// A service of PagerDuty, by its Events API v2: warnings and worse page the person on call, and what is over is resolved.
///
/// The deduplication key is the alert with its episode, so that a repetition opens no second incident.
package struct PagerDutyTarget: AlertTarget {
    private let address: OutboundAddress
    private let routingKey: Secret
    private let source: String
    private let transport: any HTTPTransport

    /// A service.
    ///
    /// - Parameters:
    ///   - routingKey: the integration key.
    ///   - address: where events go.
    ///   - source: what the event says it comes from.
    ///   - transport: what sends.
    package init(routingKey: Secret, address: OutboundAddress, source: String, transport: any HTTPTransport) {
        self.routingKey = routingKey
        self.address = address
        self.source = source
        self.transport = transport
    }

    package var name: String { "pagerduty" }

    package func accepts(_ severity: AlertRule.Severity) -> Bool { severity >= .warning }

    package func send(_ message: AlertMessage) async throws {
        let isWeb = message.runbook.hasPrefix("https://") || message.runbook.hasPrefix("http://")
        let event: JSONValue = .object(leavingOutNil: [
            "routing_key": .string(routingKey.exposed),
            "event_action": message.kind == .resolved ? "resolve" : "trigger",
            "dedup_key": .string("switchyard:\(message.alert):\(message.episode)"),
            "payload": [
                "summary": .string(String(message.title.prefix(1024))), "source": .string(source),
                "severity": .string(message.kind == .test ? "info" : message.severity.rawValue),
                "timestamp": .string("\(message.time)"), "component": "switchyard", "class": .string(message.alert),
                "custom_details": [
                    "value": .string(message.value.map(MetricRegistry.number) ?? "unknown"),
                    "condition": .string(message.condition), "runbook": .string(message.runbook),
                ],
            ],
            "links": isWeb ? [["href": .string(message.runbook), "text": "Runbook"]] : nil,
        ])
        try await transport.deliver(
            OutboundRequest(
                "POST",
                address.text,
                headers: [HeaderField("Content-Type", "application/json")],
                body: event.bytes
            )
        )
    }
}
