/// Collects the rounds and prints medians, and ratios taken round by round.
struct Report {
    private let cases: [String]
    private var rounds: [[Measurement]] = []

    /// A report on cases of these names; the first is compared with each of the others.
    init(cases: [String]) { self.cases = cases }

    /// Adds a round: one measurement a case, in order.
    mutating func add(_ figures: [Measurement]) { rounds.append(figures) }

    /// Prints a Markdown table.
    func print(batch: Int, clients: Int, stepClients: Int) {
        Swift.print(
            "| case | leads/s (median) | min … max | WAL bytes/lead | commits/lead | ratio of the first to it |"
        )
        Swift.print("|---|---|---|---|---|---|")
        for (index, name) in cases.enumerated() {
            let rates = rounds.map { $0[index].rate }.sorted()
            let wal = rounds.map { $0[index].walBytes / Double(max(1, $0[index].leads)) }
            let commits = rounds.map { $0[index].commits / Double(max(1, $0[index].leads)) }
            let ratios = rounds.map { $0[0].rate / $0[index].rate }
            let range = "\(Self.whole(rates.first ?? 0)) … \(Self.whole(rates.last ?? 0))"
            Swift.print(
                "| \(name) | \(Self.whole(Self.median(rates))) | \(range) | \(Self.whole(Self.median(wal)))"
                    + " | \(Self.short(Self.median(commits))) | \(index == 0 ? "–" : Self.short(Self.median(ratios))) |"
            )
        }
    }

    static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        guard let middle = sorted.dropFirst((sorted.count - 1) / 2).first else { return 0 }
        guard sorted.count.isMultiple(of: 2) else { return middle }
        return (middle + sorted[sorted.count / 2]) / 2
    }

    private static func whole(_ value: Double) -> String {
        var digits = String(Int(value.rounded()))
        var place = digits.count - 3
        while place > 0 {
            digits.insert(",", at: digits.index(digits.startIndex, offsetBy: place))
            place -= 3
        }
        return digits
    }

    private static func short(_ value: Double) -> String {
        String((value * 1000).rounded() / 1000)
    }
}
