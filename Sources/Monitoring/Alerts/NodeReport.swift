import JSON
package import LeadRouting

/// Measurements of one node's last five minutes, stored in the database so that any node can evaluate all nodes.
package struct NodeReport: Sendable, Hashable {
    /// Leads that the node locked.
    package var acquired = 0.0
    /// Leads that other nodes had locked.
    package var failed = 0.0
    /// Statements that reached lock_timeout.
    package var timeouts = 0.0
    /// Counts of latencies by range, with the bounds of ``Histogram/latencyBounds``.
    package var latencies: [Int64] = []
    /// The free part of the disk, 0 to 1; nil if it is not the database's disk.
    package var diskFree: Double?
    /// The leads that the node could not store or write within two minutes.
    package var refusals: [RecentRefusals.Entry] = []

    /// An empty report.
    package init() {}

    /// The stored form.
    package var json: String {
        JSONWriter.text { writer in
            writer.object { writer in
                writer.member("acquired", acquired)
                writer.member("failed", failed)
                writer.member("timeouts", timeouts)
                writer.key("latencies")
                writer.array(latencies) { $0.raw("\($1)") }
                if let diskFree { writer.member("diskFree", diskFree) }
                if !refusals.isEmpty {
                    writer.key("refusals")
                    writer.raw(refusals.json)
                }
            }
        }
    }

    /// Parses a node's report; nil if another version wrote another form.
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
        refusals = [RecentRefusals.Entry](json: report["refusals"])
        guard self.latencies.count == latencies.count else { return nil }
    }
}

/// Computes the changes of growing counters within the last five minutes.
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

    /// The changes from the start of the window to now.
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
