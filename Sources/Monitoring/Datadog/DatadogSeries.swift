import JSON

/// Converts the registry to Datadog's series: changes since the last report, and current values.
///
/// A pure function.
/// Counters become counts of the interval, gauges stay gauges, histograms become a count and three percentiles of the
/// interval. Names are the guide's, with the prefix `switchyard.`.
struct DatadogSeries: Sendable {
    /// One point of one series.
    struct Point: Sendable, Hashable {
        struct Value: Sendable, Hashable {
            let timestamp: Int64
            let value: Double
        }

        let metric: String
        /// 1: count, 3: gauge.
        let type: Int
        let interval: Int64?
        let points: [Value]
        let tags: [String]

        func write(to writer: inout JSONWriter) {
            writer.object { writer in
                writer.member("metric", metric)
                writer.member("type", type)
                if let interval { writer.member("interval", interval) }
                writer.key("points")
                writer.array(points) { writer, point in
                    writer.object { writer in
                        writer.member("timestamp", point.timestamp)
                        writer.member("value", point.value)
                    }
                }
                writer.member("tags", tags)
            }
        }
    }

    private var counters: [String: Double] = [:]
    private var tallies: [String: Histogram.Tally] = [:]

    /// The points of an interval that ends now.
    ///
    /// The first time, counters include everything since the process started.
    mutating func points(_ registry: MetricRegistry, at seconds: Int64, interval: Int64, tags: [String]) -> [Point] {
        var points: [Point] = []
        for family in registry.families {
            guard let name = family.datadogName.map({ "switchyard." + $0 }) else { continue }
            for series in family.series {
                let tags = tags + series.labels.map { "\($0.name):\($0.value)" }
                let key = name + "|" + tags.joined(separator: ",")
                func point(_ metric: String, _ value: Double, isCount: Bool) {
                    guard value.isFinite else { return }
                    points.append(
                        Point(
                            metric: metric,
                            type: isCount ? 1 : 3,
                            interval: isCount ? interval : nil,
                            points: [.init(timestamp: seconds, value: value)],
                            tags: tags
                        )
                    )
                }
                switch series.cell {
                case .counter(let counter): point(name, increase(key, counter.value), isCount: true)
                case .gauge(let gauge): if let value = gauge.value { point(name, value, isCount: false) }
                case .reading(let read):
                    guard let value = read() else { continue }
                    if family.kind == .counter {
                        point(name, increase(key, value), isCount: true)
                    } else {
                        point(name, value, isCount: false)
                    }
                case .histogram(let histogram):
                    let tally = histogram.tally
                    let new = tallies[key].map { tally.since($0) } ?? tally
                    tallies[key] = tally
                    point(name + ".count", Double(new.count), isCount: true)
                    for (suffix, part) in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)] {
                        if let value = new.quantile(part, bounds: histogram.bounds) {
                            point("\(name).\(suffix)", value, isCount: false)
                        }
                    }
                }
            }
        }
        return points
    }

    private mutating func increase(_ key: String, _ value: Double) -> Double {
        let before = counters.updateValue(value, forKey: key) ?? 0
        return value >= before ? value - before : value
    }
}
