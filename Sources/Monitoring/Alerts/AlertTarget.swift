package import Postgres

/// A message to a target.
package struct AlertMessage: Sendable, Hashable {
    /// The kind of message.
    package enum Kind: String, Sendable, Hashable {
        /// An alert started to fire.
        case fired
        /// It still fires.
        case reminder
        /// It is resolved.
        case resolved
        /// A test message.
        case test
    }

    /// The same for each attempt to send the message, so that receivers recognise a repetition.
    package let id: String
    /// The kind of message.
    package let kind: Kind
    /// The alert's name.
    package let alert: String
    /// The number of the episode: a resolution has the number of its firing message.
    package let episode: Int64
    /// The severity.
    package let severity: AlertRule.Severity
    /// The meaning of the alert, in one sentence.
    package let summary: String
    /// The value.
    package let value: Double?
    /// The condition, for display.
    package let condition: String
    /// The runbook.
    package let runbook: String
    /// When it happened.
    package let time: Timestamp

    /// A message.
    package init(
        id: String,
        kind: Kind,
        alert: String,
        episode: Int64,
        severity: AlertRule.Severity,
        summary: String,
        value: Double?,
        condition: String,
        runbook: String,
        time: Timestamp
    ) {
        self.id = id
        self.kind = kind
        self.alert = alert
        self.episode = episode
        self.severity = severity
        self.summary = summary
        self.value = value
        self.condition = condition
        self.runbook = runbook
        self.time = time
    }

    /// The title for display.
    package var title: String {
        switch kind {
        case .fired: "[\(severity.rawValue)] \(alert): \(summary)"
        case .reminder: "[\(severity.rawValue), still] \(alert): \(summary)"
        case .resolved: "[resolved] \(alert): \(summary)"
        case .test: "[test] Switchyard can reach you here; nothing is wrong."
        }
    }

    /// The value with its condition.
    package var detail: String {
        guard let value else { return "Condition: \(condition)." }
        return "Value \(MetricRegistry.number((value * 100).rounded() / 100)), condition \(condition)."
    }
}

/// A receiver.
package protocol AlertTarget: Sendable {
    /// Its name in notifications: `slack`, `webhook`, `pagerduty`, `email`, `datadog`.
    var name: String { get }
    /// Whether it receives alerts of this severity.
    func accepts(_ severity: AlertRule.Severity) -> Bool
    /// Sends a message; returns when the target has accepted it.
    ///
    /// - Throws: ``DeliveryFailure``.
    func send(_ message: AlertMessage) async throws
}

/// A message was not accepted.
package struct DeliveryFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// The reason, without addresses or keys.
    package let description: String
    /// Whether another attempt may succeed.
    package let isWorthRepeating: Bool

    /// A failure.
    package init(_ description: String, isWorthRepeating: Bool = true) {
        self.description = description
        self.isWorthRepeating = isWorthRepeating
    }
}
