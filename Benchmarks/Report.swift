/// Medians and numbers as the reports print them.
enum Report {
    /// The middle of some figures, or the mean of the two in the middle.
    static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        guard let middle = sorted.dropFirst((sorted.count - 1) / 2).first else { return 0 }
        guard sorted.count.isMultiple(of: 2) else { return middle }
        return (middle + sorted[sorted.count / 2]) / 2
    }

    /// A whole number with commas.
    static func whole(_ value: Double) -> String {
        guard value.isFinite else { return "–" }
        var digits = String(Int(value.rounded()))
        var place = digits.count - 3
        while place > 0 {
            digits.insert(",", at: digits.index(digits.startIndex, offsetBy: place))
            place -= 3
        }
        return digits
    }

    /// A number with two places, or as many as show something of a small one.
    static func short(_ value: Double) -> String {
        guard value.isFinite else { return "–" }
        let scale = value != 0 && abs(value) < 0.1 ? 1000.0 : 100.0
        return String((value * scale).rounded() / scale)
    }

    /// A row of a Markdown table.
    static func row(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }

    /// The head of a Markdown table.
    static func head(_ cells: [String]) -> String {
        row(cells) + "\n|" + String(repeating: "---|", count: cells.count)
    }
}
