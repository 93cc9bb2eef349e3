package import LeadStore
import Postgres

/// The values of the alerts by name, from the database's values and the reports of all nodes.
///
/// A pure function.
package struct AlertSignals: Sendable {
    /// The values; an alert without a value does not fire.
    package private(set) var values: [String: Double] = [:]

    /// Rates of fewer attempts are ignored: one failure of two is not 50 %.
    package static let fewest: Int64 = 20
    /// For how long an automatic rollback is reported, in seconds.
    package static let rollbackSeconds = 900
    /// How long a node may be silent before it counts as lost, in microseconds.
    private static let lostAfter: Int64 = 60_000_000
    /// For how long a lost node is reported, in microseconds.
    private static let forgottenAfter: Int64 = 15 * 60_000_000

    /// Computes the values.
    ///
    /// - Parameters:
    ///   - reading: the database's values.
    ///   - nodes: the nodes that run or are lost.
    ///   - missedFunctions: how many scheduled functions have not run, or failed.
    ///   - rollbacks: how many publications were rolled back automatically within ``rollbackSeconds``.
    package init(_ reading: RoutingReading, nodes: [SeenNode], missedFunctions: Int, rollbacks: Int64 = 0) {
        values["retry_queue_backlog"] = Double(reading.dueCount)
        values["stale_locks"] = Double(reading.health.staleLockCount)
        values["expired_leads"] = Double(reading.health.expiredCount)
        values["oldest_waiting"] = reading.oldestDueSeconds ?? 0
        values["oldest_transaction"] = reading.oldestTransactionSeconds
        values["schedule_missed"] = Double(missedFunctions)
        values["auto_rollback"] = Double(rollbacks)
        if reading.recentAttempts >= Self.fewest {
            let attempts = Double(reading.recentAttempts)
            values["routing_failure_rate"] = Double(reading.recentFailures) / attempts * 100
            values["duplicate_rate"] = Double(reading.recentDuplicates) / attempts * 100
        }
        let now = reading.time.microsecondsSinceUnixEpoch
        values["node_lost"] = Double(Self.lost(nodes, at: now))
        let alive = nodes.filter { now - $0.seenAt.microsecondsSinceUnixEpoch <= Self.lostAfter }
        addFigures(of: alive.compactMap { $0.report.flatMap(NodeReport.init(json:)) })
    }

    private mutating func addFigures(of reports: [NodeReport]) {
        var latencies = Histogram.Tally(ranges: Histogram.latencyBounds.count + 1)
        var acquired = 0.0
        var failed = 0.0
        var timeouts = 0.0
        for report in reports {
            acquired += report.acquired
            failed += report.failed
            timeouts += report.timeouts
            guard report.latencies.count == latencies.counts.count else { continue }
            for (index, count) in report.latencies.enumerated() { latencies.counts[index] += count }
        }
        values["lock_timeouts"] = timeouts
        let tries = acquired + failed + timeouts
        if tries >= Double(Self.fewest) { values["lock_success"] = acquired / tries * 100 }
        if latencies.count >= Self.fewest {
            values["routing_latency"] = latencies.quantile(0.95, bounds: Histogram.latencyBounds)
        }
        if let least = reports.compactMap(\.diskFree).min() { values["disk"] = least * 100 }
    }

    /// Nodes that are silent and on whose host no newer node runs.
    private static func lost(_ nodes: [SeenNode], at now: Int64) -> Int {
        nodes.count { node in
            let silence = now - node.seenAt.microsecondsSinceUnixEpoch
            guard silence > lostAfter, silence <= forgottenAfter else { return false }
            return !nodes.contains { other in
                other.name != node.name && other.host == node.host && other.startedAt > node.startedAt
                    && now - other.seenAt.microsecondsSinceUnixEpoch <= lostAfter
            }
        }
    }
}
