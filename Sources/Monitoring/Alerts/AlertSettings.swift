/// The settings of alerts and their messages.
package struct AlertSettings: Sendable, Hashable {
    /// Whether alerts are evaluated.
    package var isOn = true
    /// The rules.
    package var rules = AlertRule.standard
    /// Seconds between reminders about a firing alert; 0 for none.
    package var repeatSeconds: Int64 = 4 * 3600
    /// The prefix of a runbook's name.
    package var runbooks = "docs/runbooks/"

    /// The default settings.
    package init() {}

    /// The runbook of an alert.
    package func runbook(of alert: String) -> String { "\(runbooks)\(alert).md" }

    /// Changes rules by a text: `name=VALUE`, `name=VALUE@SECONDS` (the hold time), `name=off`, separated by commas.
    ///
    /// The value at which the condition is over changes in proportion to the threshold.
    ///
    /// - Throws: ``Unreadable`` with the invalid entry.
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
