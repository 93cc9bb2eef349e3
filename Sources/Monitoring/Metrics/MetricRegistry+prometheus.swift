extension MetricRegistry {
    /// The `Content-Type` of the text format.
    package static let prometheusType = "text/plain; version=0.0.4; charset=utf-8"

    /// All metrics in Prometheus' text format.
    package func prometheusText() -> String {
        var text = ""
        text.reserveCapacity(32 << 10)
        for family in families {
            var lines = ""
            for series in family.series { Self.print(series, of: family, to: &lines) }
            guard !lines.isEmpty else { continue }
            text += "# HELP \(family.name) \(Self.escapedHelp(family.help))\n"
            text += "# TYPE \(family.name) \(family.kind.rawValue)\n"
            text += lines
        }
        return text
    }

    private static func print(_ series: Series, of family: Family, to text: inout String) {
        let labels = series.labels.map { "\($0.name)=\"\(escaped($0.value))\"" }.joined(separator: ",")
        switch series.cell {
        case .counter(let counter): line(family.name, labels, counter.value, to: &text)
        case .gauge(let gauge): if let value = gauge.value { line(family.name, labels, value, to: &text) }
        case .reading(let read): if let value = read() { line(family.name, labels, value, to: &text) }
        case .histogram(let histogram):
            let tally = histogram.tally
            var total: Int64 = 0
            for (index, count) in tally.counts.enumerated() {
                total += count
                let bound = index < histogram.bounds.count ? number(histogram.bounds[index]) : "+Inf"
                let all = labels.isEmpty ? "le=\"\(bound)\"" : "\(labels),le=\"\(bound)\""
                line(family.name + "_bucket", all, Double(total), to: &text)
            }
            line(family.name + "_sum", labels, tally.sum, to: &text)
            line(family.name + "_count", labels, Double(total), to: &text)
        }
    }

    private static func line(_ name: String, _ labels: String, _ value: Double, to text: inout String) {
        text += labels.isEmpty ? "\(name) \(number(value))\n" : "\(name){\(labels)} \(number(value))\n"
    }

    /// A whole number without a fraction; other numbers in Swift's notation, which Prometheus reads.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if let whole = Int64(exactly: value) { return String(whole) }
        return "\(value)"
    }

    private static func escaped(_ value: String) -> String {
        var text = ""
        for character in value {
            switch character {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n", "\r\n": text += "\\n"
            default: text.append(character)
            }
        }
        return text
    }

    private static func escapedHelp(_ help: String) -> String {
        help.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: " ")
    }
}
