package import Postgres

/// A message to a target.
package struct AlertMessage: Sendable, Hashable {
    /// What has happened.
    package enum Kind: String, Sendable, Hashable {
        /// An alert has begun to fire.
        case fired
        /// It still fires.
        case reminder
        /// It is over.
        case resolved
        /// Nothing: a test message.
        case test
    }

    /// The same however often the message is sent: receivers know a repetition by it.
    package let id: String
    /// What has happened.
    package let kind: Kind
    /// The alert's name.
    package let alert: String
    /// Which time it fires: a message that it is over belongs to the one that it fired.
    package let episode: Int64
    /// How bad it is.
    package let severity: AlertRule.Severity
    /// What it means, in one sentence.
    package let summary: String
    /// The value that was seen.
    package let value: Double?
    /// The condition, for people.
    package let condition: String
    /// Where to read what to do.
    package let runbook: String
    /// When it happened.
    package let time: Timestamp

    /// A message of these parts.
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

    /// The first line of whatever is shown.
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
    /// Its name, as notifications are addressed: `slack`, `webhook`, `pagerduty`, `email`, `datadog`.
    var name: String { get }
    /// Whether an alert of this severity is its business.
    func wants(_ severity: AlertRule.Severity) -> Bool
    /// Tells it; returns when it has taken the message.
    ///
    /// - Throws: ``DeliveryFailure``.
    func tell(_ message: AlertMessage) async throws
}

/// A message was not taken.
package struct DeliveryFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// Why, without addresses or keys.
    package let description: String
    /// Whether another try may help.
    package let isWorthRepeating: Bool

    /// A failure.
    package init(_ description: String, isWorthRepeating: Bool = true) {
        self.description = description
        self.isWorthRepeating = isWorthRepeating
    }
}
