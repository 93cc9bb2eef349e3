import LeadStore
import Postgres
import Testing

@testable import Monitoring

/// The values that alerts evaluate.
@Suite struct AlertSignalTests {
    static let now: Int64 = 1_764_000_000_000_000

    static func reading(
        attempts: Int64 = 0,
        failures: Int64 = 0,
        duplicates: Int64 = 0,
        due: Int64 = 0
    ) -> RoutingReading {
        RoutingReading(
            health: RoutingHealth(),
            dueCount: due,
            recentAttempts: attempts,
            recentFailures: failures,
            recentDuplicates: duplicates,
            time: Timestamp(microsecondsSinceUnixEpoch: now)
        )
    }

    private func node(
        _ name: String,
        host: String = "h",
        started: Int64,
        silent: Int64,
        report: NodeReport? = nil
    ) -> SeenNode {
        SeenNode(
            name: name,
            host: host,
            startedAt: Timestamp(microsecondsSinceUnixEpoch: Self.now - started * 1_000_000),
            seenAt: Timestamp(microsecondsSinceUnixEpoch: Self.now - silent * 1_000_000),
            report: report?.json
        )
    }

    @Test func ratesNeedEnoughAttempts() {
        let few = AlertSignals(Self.reading(attempts: 19, failures: 19), nodes: [], missedFunctions: 0)
        #expect(few.values["routing_failure_rate"] == nil)
        let many = AlertSignals(Self.reading(attempts: 40, failures: 6, duplicates: 10), nodes: [], missedFunctions: 0)
        #expect(many.values["routing_failure_rate"] == 15)
        #expect(many.values["duplicate_rate"] == 25)
    }

    @Test func nodesAreSummed() {
        var one = NodeReport()
        one.acquired = 10
        one.timeouts = 7
        one.latencies = Array(repeating: 0, count: 16)
        one.latencies[12] = 50
        one.diskFree = 0.5
        var other = one
        other.failed = 3
        other.diskFree = 0.07
        let nodes = [
            node("a", started: 100, silent: 5, report: one), node("b", started: 100, silent: 5, report: other),
            // The report of a lost node is outdated.
            node("c", host: "g", started: 100, silent: 61, report: one),
        ]
        let signals = AlertSignals(Self.reading(), nodes: nodes, missedFunctions: 2)
        #expect(signals.values["lock_timeouts"] == 14)
        #expect(signals.values["lock_success"].map { abs($0 - 20.0 / 37 * 100) < 1e-9 } == true)
        #expect(signals.values["routing_latency"].map { $0 > 4.8 && $0 < 5 } == true)
        #expect(signals.values["disk"].map { abs($0 - 7) < 1e-9 } == true)
        #expect(signals.values["node_lost"] == 1)
        #expect(signals.values["schedule_missed"] == 2)
    }

    @Test func lostNodesAreCounted() {
        func lost(_ nodes: [SeenNode]) -> Double? {
            AlertSignals(Self.reading(), nodes: nodes, missedFunctions: 0).values["node_lost"]
        }
        #expect(lost([node("a", started: 900, silent: 59)]) == 0)
        #expect(lost([node("a", started: 900, silent: 61)]) == 1)
        // After a quarter of an hour it is no longer reported.
        #expect(lost([node("a", started: 9000, silent: 901)]) == 0)
        // Restarted on the same machine.
        #expect(lost([node("a", started: 900, silent: 61), node("b", started: 30, silent: 1)]) == 0)
        #expect(lost([node("a", started: 900, silent: 61), node("b", host: "g", started: 30, silent: 1)]) == 1)
        // An older node on the same machine does not replace it.
        #expect(lost([node("a", started: 900, silent: 61), node("b", started: 1000, silent: 1)]) == 1)
    }

    @Test func unreadableReportIsSkipped() {
        #expect(NodeReport(json: "{}") == nil)
        #expect(NodeReport(json: NodeReport().json) == NodeReport())
    }

    @Test func windowDropsOldReports() {
        var window = ReportWindow()
        let start = ContinuousClock.now
        func sample(_ count: Double) -> ReportWindow.Sample {
            .init(acquired: count, failed: 0, timeouts: 0, latency: Histogram.Tally(ranges: 16))
        }
        #expect(window.report(sample(5), at: start).acquired == 0)
        #expect(window.report(sample(9), at: start + .seconds(100)).acquired == 4)
        #expect(window.report(sample(10), at: start + .seconds(299)).acquired == 5)
        #expect(window.report(sample(10), at: start + .seconds(400)).acquired == 1)
        #expect(window.report(sample(10), at: start + .seconds(10_000)).acquired == 0)
    }

    @Test func ruleChangesAreReported() throws {
        var settings = AlertSettings()
        try settings.change("retry_queue_backlog=500@300, disk=off,lock_success=80")
        let rules = Dictionary(uniqueKeysWithValues: settings.rules.map { ($0.name, $0) })
        #expect(rules["retry_queue_backlog"]?.threshold == 500)
        #expect(rules["retry_queue_backlog"]?.clear == 400)
        #expect(rules["retry_queue_backlog"]?.holdSeconds == 300)
        #expect(rules["disk"]?.isOn == false)
        #expect(rules["lock_success"]?.threshold == 80)
        for text in ["nothing=1", "disk", "disk=x", "disk=-1", "disk=5@x", "disk=5@", "disk=nan"] {
            #expect(throws: AlertSettings.Unreadable.self) { try settings.change(text) }
        }
    }
}
