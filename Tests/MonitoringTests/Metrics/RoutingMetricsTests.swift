import FoundationEssentials
import LeadRouting
import LeadStore
import Postgres
import RoutingRules
import Synchronization
import Testing

@testable import Monitoring

/// The metrics of a batch, and the number of database queries.
@Suite struct RoutingMetricsTests {
    private func lead(_ result: MeasuredLead.Result, milliseconds: Int = 3) -> MeasuredLead {
        MeasuredLead(
            id: UUID(),
            source: UUID(),
            result: result,
            outcome: nil,
            attempt: 1,
            latency: .milliseconds(milliseconds),
            age: .milliseconds(milliseconds)
        )
    }

    @Test func batchIsCounted() {
        let registry = MetricRegistry()
        let metrics = RoutingMetrics(registry)
        let results: [MeasuredLead.Result] = [
            .success, .success, .unmatched, .fallback, .duplicate, .retry, .queued, .failed, .replay, .refused,
        ]
        let batch = MeasuredBatch(
            path: .intake,
            duration: .milliseconds(2),
            endedAt: 0,
            leads: results.map { lead($0) }
        )
        metrics.measure(batch)
        metrics.measure(MeasuredBatch(path: .retry, duration: .zero, endedAt: 0, leads: [lead(.success)]))
        metrics.refuse(4, because: .overloaded)
        metrics.lockFailed()
        let text = registry.prometheusText()
        for line in [
            #"switchyard_routing_leads_total{path="intake",result="success"} 2"#,
            #"switchyard_routing_leads_total{path="intake",result="refused"} 1"#,
            #"switchyard_routing_leads_total{path="retry",result="success"} 1"#,
            "switchyard_routing_leads_routed_total 5", "switchyard_routing_duplicates_caught_total 1",
            "switchyard_routing_retry_queue_inserts_total 1", "switchyard_routing_lock_acquired_total 1",
            "switchyard_routing_lock_failed_total 1", #"switchyard_intake_refused_total{reason="overloaded"} 4"#,
            "switchyard_routing_latency_seconds_count 10", "switchyard_routing_age_seconds_count 9",
            #"switchyard_routing_batch_duration_seconds_count{path="intake"} 1"#,
        ] {
            #expect(text.contains("\n" + line + "\n"), "\(line)")
        }
    }

    /// A hundred scrapes at once, and again within ten seconds, cause one query; after that there is another.
    @Test func databaseIsReadOnceInTenSeconds() async throws {
        let count = Mutex(0)
        let start = ContinuousClock.now
        let passed = Mutex(Duration.zero)
        let reader = DatabaseReader(now: { start + passed.withLock { $0 } }) {
            count.withLock { $0 += 1 }
            try await Task.sleep(for: .milliseconds(5))
            return AlertSignalTests.reading()
        }
        await withTaskGroup { group in
            for _ in 0..<100 { group.addTask { _ = await reader.current() } }
        }
        passed.withLock { $0 = .milliseconds(9990) }
        _ = await reader.current()
        #expect(count.withLock { $0 } == 1)
        passed.withLock { $0 = .seconds(11) }
        _ = await reader.current()
        #expect(count.withLock { $0 } == 2)
    }

    /// A failing database is not queried more often than a healthy one.
    @Test func failureIsCachedLikeReading() async throws {
        struct Down: Error {}
        let count = Mutex(0)
        let reader = DatabaseReader {
            count.withLock { $0 += 1 }
            throw Down()
        }
        for _ in 0..<5 { if case .unknown = await reader.current() {} else { Issue.record("it is known") } }
        #expect(count.withLock { $0 } == 1)
    }
}

/// W3C trace contexts, with the specification's own examples.
@Suite struct TraceParentTests {
    private let valid = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    @Test func traceParentIsReadAndWritten() throws {
        let parent = try #require(TraceParent(header: valid))
        #expect(parent.traceID == "4bf92f3577b34da6a3ce929d0e0e4736" && parent.spanID == "00f067aa0ba902b7")
        #expect(parent.isSampled && parent.header == valid)
        #expect(TraceParent(header: "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00-more")?.isSampled == false)
    }

    @Test(arguments: [
        "", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0g",
        "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    ])
    func malformedTraceParentIsRefused(header: String) { #expect(TraceParent(header: header) == nil) }
}
