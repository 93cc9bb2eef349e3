/// The alerts, and how their messages are sent.
package struct AlertSettings: Sendable, Hashable {
    /// Whether alerts are evaluated.
    package var isOn = true
    /// The rules.
    package var rules = AlertRule.standard
    /// Seconds between reminders about a firing alert; 0: none.
    package var repeatSeconds: Int64 = 4 * 3600
    /// What stands in front of a runbook's name.
    package var runbooks = "docs/runbooks/"

    /// The usual settings.
    package init() {}

    /// Where to read about an alert.
    package func runbook(of alert: String) -> String { "\(runbooks)\(alert).md" }

    /// Changes rules as a text says: `name=VALUE`, `name=VALUE@SECONDS` (for how long), `name=off`, separated by
    /// commas.
    ///
    /// What was back in bounds before stays in proportion: twice the threshold, twice the value at which it is over.
    ///
    /// - Throws: ``Unreadable`` with the entry at fault.
    package mutating func change(_ text: String) throws(Unreadable) {
        for entry in text.split(separator: ",") {
            let parts = entry.split(separator: "=", maxSplits: 1).map { $0.filter { !$0.isWhitespace } }
            guard parts.count == 2, let index = rules.firstIndex(where: { $0.name == parts[0] }) else {
                throw Unreadable(entry: String(entry))
            }
            if parts[1] == "off" {
                rules[index].isOn = false
                continue
            }
            let numbers = parts[1].split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
            guard let threshold = Double(numbers[0]), threshold.isFinite, threshold >= 0 else {
                throw Unreadable(entry: String(entry))
            }
            let old = rules[index].threshold
            rules[index].clear = old > 0 ? rules[index].clear / old * threshold : threshold
            rules[index].threshold = threshold
            guard numbers.count == 2 else { continue }
            guard let seconds = Int64(numbers[1]), 0...86400 ~= seconds else { throw Unreadable(entry: String(entry)) }
            rules[index].holdSeconds = seconds
        }
    }

    /// A change that cannot be read.
    package struct Unreadable: Error, Sendable, Hashable {
        /// The entry.
        package let entry: String
    }
}
