package import LeadRouting

/// Counts the outcomes of leads.
///
/// A batch costs some locks and additions; a single lead costs no lock and no allocation.
package final class RoutingMetrics: RoutingMeter {
    private let results: [MeasuredBatch.Path: [MetricCounter]]
    private let batches: [MeasuredBatch.Path: Histogram]
    private let routed: MetricCounter
    private let duplicates: MetricCounter
    private let retries: MetricCounter
    private let acquired: MetricCounter
    private let failedLocks: MetricCounter
    private let refused: MetricRegistry
    /// From receipt to the commit of the decision, for leads decided on arrival.
    package let latency: Histogram
    private let age: Histogram

    private static let order = MeasuredLead.Result.allCases

    /// Creates the metrics in a registry.
    package init(_ registry: MetricRegistry) {
        var results: [MeasuredBatch.Path: [MetricCounter]] = [:]
        var batches: [MeasuredBatch.Path: Histogram] = [:]
        for path in MeasuredBatch.Path.allCases {
            results[path] = Self.order.map { result in
                registry.counter(
                    "switchyard_routing_leads_total",
                    "Attempts to route a lead, by path and result.",
                    datadog: "routing.attempts",
                    labels: [("path", path.rawValue), ("result", result.rawValue)]
                )
            }
            batches[path] = registry.histogram(
                "switchyard_routing_batch_duration_seconds",
                "Duration of a batch, up to its commit.",
                datadog: "routing.batch",
                labels: [("path", path.rawValue)]
            )
        }
        self.results = results
        self.batches = batches
        routed = registry.counter(
            "switchyard_routing_leads_routed_total",
            "Leads that were assigned to a workspace, without duplicates.",
            datadog: "routing.leads_routed"
        )
        duplicates = registry.counter(
            "switchyard_routing_duplicates_caught_total",
            "Leads that were recognised as duplicates.",
            datadog: "routing.duplicates_caught"
        )
        retries = registry.counter(
            "switchyard_routing_retry_queue_inserts_total",
            "Leads that were queued for another attempt.",
            datadog: "routing.retry_queue.inserts"
        )
        acquired = registry.counter(
            "switchyard_routing_lock_acquired_total",
            "Waiting leads that this node locked.",
            datadog: "routing.lock.acquired"
        )
        failedLocks = registry.counter(
            "switchyard_routing_lock_failed_total",
            "Requested leads that another transaction held.",
            datadog: "routing.lock.failed"
        )
        latency = registry.histogram(
            "switchyard_routing_latency_seconds",
            "From the receipt of a lead to the commit of its decision, of leads decided on arrival.",
            datadog: "routing.latency"
        )
        age = registry.histogram(
            "switchyard_routing_age_seconds",
            "From the creation of a lead to its decision, of all leads with a time in their id.",
            bounds: Histogram.ageBounds,
            datadog: "routing.age"
        )
        refused = registry
        for code in IntakeError.Code.allCases { _ = refusals(code) }
    }

    package func measure(_ batch: MeasuredBatch) {
        withUnsafeTemporaryAllocation(of: Int.self, capacity: Self.order.count) { counts in
            counts.initialize(repeating: 0)
            for lead in batch.leads { counts[Self.place(lead.result)] += 1 }
            for (place, cell) in (results[batch.path] ?? []).enumerated() { cell.add(counts[place]) }
            routed.add(counts[Self.place(.success)] + counts[Self.place(.unmatched)] + counts[Self.place(.fallback)])
            duplicates.add(counts[Self.place(.duplicate)])
            retries.add(counts[Self.place(.retry)])
        }
        if batch.path != .intake { acquired.add(batch.leads.count) }
        batches[batch.path]?.observe(batch.duration)
        if batch.path == .intake {
            latency.observe { count in
                for lead in batch.leads { if let duration = lead.latency { count(duration) } }
            }
        }
        age.observe { count in
            for lead in batch.leads where lead.result != .replay && lead.result != .refused {
                if let duration = lead.age { count(duration) }
            }
        }
    }

    package func refuse(_ count: Int, because code: IntakeError.Code) { refusals(code).add(count) }

    package func lockFailed() { failedLocks.add(1) }

    /// Locks of waiting leads so far: those acquired, and those that other nodes held.
    package var locks: (acquired: Double, failed: Double) { (acquired.value, failedLocks.value) }

    private func refusals(_ code: IntakeError.Code) -> MetricCounter {
        refused.counter(
            "switchyard_intake_refused_total",
            "Leads that were refused before a write.",
            datadog: "intake.refused",
            labels: [("reason", "\(code)")]
        )
    }

    private static func place(_ result: MeasuredLead.Result) -> Int {
        switch result {
        case .success: 0
        case .unmatched: 1
        case .fallback: 2
        case .duplicate: 3
        case .retry: 4
        case .queued: 5
        case .failed: 6
        case .replay: 7
        case .refused: 8
        }
    }
}
