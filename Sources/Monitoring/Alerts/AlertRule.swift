/// An alert rule: the value, its threshold, how long it must hold, and the severity.
package struct AlertRule: Sendable, Hashable {
    /// The severity of an alert.
    package enum Severity: String, Sendable, Hashable, CaseIterable, Comparable {
        /// For information.
        case info
        /// An operator should check.
        case warning
        /// An operator must act now.
        case critical

        package static func < (left: Severity, right: Severity) -> Bool {
            rank(left) < rank(right)
        }

        private static func rank(_ severity: Severity) -> Int {
            switch severity {
            case .info: 0
            case .warning: 1
            case .critical: 2
            }
        }
    }

    /// Its name, which is also the name of its runbook.
    package let name: String
    /// The meaning of the alert, in one sentence.
    package let summary: String
    /// The severity.
    package let severity: Severity
    /// Whether it fires below the threshold instead of above.
    package let isBelow: Bool
    /// Beyond this value the condition holds.
    package var threshold: Double
    /// At this value the condition is over; between the two values the state does not change.
    package var clear: Double
    /// For how many seconds the condition has to hold before it fires.
    package var holdSeconds: Int64
    /// For how many seconds the condition must be over before the alert is resolved.
    package let clearSeconds: Int64
    /// The unit of the value, for display: "leads", "%", "s".
    package let unit: String
    /// Whether it is evaluated.
    package var isOn = true

    /// A rule that fires above its threshold.
    ///
    /// Without `clear` the condition is over as soon as the value is no longer above the threshold.
    package init(
        _ name: String,
        _ summary: String,
        _ severity: Severity,
        above threshold: Double,
        clear: Double? = nil,
        unit: String,
        hold: Int64 = 0,
        clearAfter: Int64 = 60
    ) {
        self.init(name, summary, severity, false, threshold, clear ?? threshold, unit, hold, clearAfter)
    }

    /// A rule that fires below its threshold.
    package init(
        _ name: String,
        _ summary: String,
        _ severity: Severity,
        below threshold: Double,
        clear: Double? = nil,
        unit: String,
        hold: Int64 = 0,
        clearAfter: Int64 = 60
    ) {
        self.init(name, summary, severity, true, threshold, clear ?? threshold, unit, hold, clearAfter)
    }

    private init(
        _ name: String,
        _ summary: String,
        _ severity: Severity,
        _ isBelow: Bool,
        _ threshold: Double,
        _ clear: Double,
        _ unit: String,
        _ holdSeconds: Int64,
        _ clearSeconds: Int64
    ) {
        self.name = name
        self.summary = summary
        self.severity = severity
        self.isBelow = isBelow
        self.threshold = threshold
        self.clear = clear
        self.unit = unit
        self.holdSeconds = holdSeconds
        self.clearSeconds = clearSeconds
    }

    /// Whether the condition holds at a value; false for an unknown one.
    func holds(at value: Double?) -> Bool {
        guard let value else { return false }
        return isBelow ? value < threshold : value > threshold
    }

    /// Whether the condition is over at a value.
    func isOver(at value: Double?) -> Bool {
        guard let value else { return true }
        return isBelow ? value >= clear : value <= clear
    }

    /// The condition, for display: "> 100 leads for 60 s".
    package var condition: String {
        let hold = holdSeconds > 0 ? " for \(holdSeconds) s" : ""
        return "\(isBelow ? "<" : ">") \(MetricRegistry.number(threshold)) \(unit)\(hold)"
    }
}

extension AlertRule {
    /// The guide's four alerts, and further common ones.
    package static let standard = [
        AlertRule(
            "retry_queue_backlog",
            "Leads that are due wait in the queue.",
            .warning,
            above: 100,
            clear: 80,
            unit: "leads",
            hold: 60
        ),
        AlertRule(
            "routing_failure_rate",
            "Attempts to route leads fail.",
            .critical,
            above: 10,
            clear: 5,
            unit: "%",
            hold: 300,
            clearAfter: 300
        ),
        AlertRule(
            "auto_rollback",
            "Published rules were rolled back automatically, because leads failed.",
            .critical,
            above: 0,
            unit: "in 15 minutes",
            clearAfter: 0
        ),
        AlertRule(
            "stale_locks",
            "Locks have been held for more than five minutes.",
            .warning,
            above: 10,
            clear: 5,
            unit: "locks",
            hold: 60
        ),
        AlertRule(
            "expired_leads",
            "Leads expired within the last hour before they were routed.",
            .info,
            above: 50,
            unit: "leads"
        ),
        AlertRule(
            "lock_timeouts",
            "Statements reach lock_timeout.",
            .warning,
            above: 10,
            clear: 2,
            unit: "in 5 minutes"
        ),
        AlertRule(
            "duplicate_rate",
            "Many incoming leads are duplicates.",
            .warning,
            above: 20,
            clear: 15,
            unit: "%",
            hold: 300,
            clearAfter: 300
        ),
        AlertRule(
            "routing_latency",
            "One answer in twenty takes too long.",
            .warning,
            above: 2,
            clear: 1.5,
            unit: "s (p95)",
            hold: 120,
            clearAfter: 120
        ),
        AlertRule(
            "lock_success",
            "Attempts to lock a lead fail.",
            .warning,
            below: 90,
            clear: 95,
            unit: "%",
            hold: 300,
            clearAfter: 300
        ),
        AlertRule(
            "oldest_waiting",
            "A due lead is not routed.",
            .critical,
            above: 600,
            clear: 60,
            unit: "s",
            hold: 60
        ),
        AlertRule(
            "schedule_missed",
            "Scheduled functions have not run, or failed.",
            .critical,
            above: 0,
            unit: "functions",
            hold: 300
        ),
        AlertRule(
            "node_lost",
            "A node has stopped reporting.",
            .critical,
            above: 0,
            unit: "nodes"
        ),
        AlertRule(
            "oldest_transaction",
            "A transaction is open for too long: vacuum cannot remove dead rows.",
            .warning,
            above: 600,
            clear: 300,
            unit: "s",
            hold: 60
        ),
        AlertRule(
            "disk",
            "A disk is nearly full.",
            .critical,
            below: 10,
            clear: 15,
            unit: "% free",
            hold: 60
        ),
    ]
}
