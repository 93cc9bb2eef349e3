import JSON

/// Figures of one node's last five minutes, which it leaves in the database so that any node can judge all of them.
package struct NodeReport: Sendable, Hashable {
    /// Leads that were taken hold of.
    package var acquired = 0.0
    /// Leads that others held.
    package var failed = 0.0
    /// Statements that reached lock_timeout.
    package var timeouts = 0.0
    /// Latencies by range, in the bounds of ``Histogram/latencyBounds``.
    package var latencies: [Int64] = []
    /// The part of the disk that is free, 0 to 1; nil where that says nothing of the database.
    package var diskFree: Double?

    /// A node that has done nothing.
    package init() {}

    /// As it is kept in the database.
    package var json: String {
        JSONWriter.text { writer in
            writer.object { writer in
                writer.member("acquired", acquired)
                writer.member("failed", failed)
                writer.member("timeouts", timeouts)
                writer.key("latencies")
                writer.array(latencies) { $0.raw("\($1)") }
                if let diskFree { writer.member("diskFree", diskFree) }
            }
        }
    }

    /// Reads what a node has left; nil if another version wrote something else.
    package init?(json: String) {
        guard let report = JSONValue(json: json), let acquired = report["acquired"]?.double,
            let failed = report["failed"]?.double, let timeouts = report["timeouts"]?.double,
            let latencies = report["latencies"]?.array
        else { return nil }
        self.acquired = acquired
        self.failed = failed
        self.timeouts = timeouts
        self.latencies = latencies.compactMap(\.integer)
        diskFree = report["diskFree"]?.double
        guard self.latencies.count == latencies.count else { return nil }
    }
}

/// Turns counters that only grow into what happened within the last five minutes.
struct ReportWindow: Sendable {
    /// Counters at one moment.
    struct Sample: Sendable, Hashable {
        var acquired: Double
        var failed: Double
        var timeouts: Double
        var latency: Histogram.Tally
    }

    private var samples: [(time: ContinuousClock.Instant, sample: Sample)] = []
    private let length: Duration

    init(length: Duration = .seconds(300)) { self.length = length }

    /// What happened between the beginning of the window and now.
    mutating func report(_ sample: Sample, at now: ContinuousClock.Instant) -> NodeReport {
        samples.append((now, sample))
        // The newest sample that is as old as the window, or the oldest there is.
        while samples.count > 1, now - samples[1].time >= length { samples.removeFirst() }
        let first = samples[0].sample
        var report = NodeReport()
        report.acquired = sample.acquired - first.acquired
        report.failed = sample.failed - first.failed
        report.timeouts = sample.timeouts - first.timeouts
        report.latencies = sample.latency.since(first.latency).counts
        return report
    }
}
