package import LeadRouting
import LeadStore
package import Postgres
import Synchronization

/// All metrics of a node: the outcomes of its leads, the database, its pool and its process.
package final class NodeMetrics: Sendable {
    /// The metrics.
    package let registry: MetricRegistry
    /// Receives the measurements of batches.
    package let routing: RoutingMetrics

    private let reader: DatabaseReader
    private let pool: @Sendable () async -> PoolStatistics
    private let state: Mutex<State>
    private let diskPath: String

    private final class SharedWindow: Sendable {
        let state = Mutex(ReportWindow())
    }

    private struct State {
        var reading: RoutingReading?
        var isUp: Double?
        var pool: PoolStatistics?
    }

    /// The metrics of a node.
    ///
    /// - Parameters:
    ///   - version: the version of the build.
    ///   - registry: the registry.
    ///   - reader: reads the database.
    ///   - pool: returns the state of the pool.
    ///   - diskPath: the folder whose disk is watched.
    package init(
        version: String,
        registry: MetricRegistry,
        reader: DatabaseReader,
        pool: @escaping @Sendable () async -> PoolStatistics,
        diskPath: String
    ) {
        self.registry = registry
        self.diskPath = diskPath
        self.reader = reader
        self.pool = pool
        routing = RoutingMetrics(registry)
        state = Mutex(State())
        registry.reading(
            "switchyard_build_info",
            "The version of this build; always 1.",
            labels: [("version", version)]
        ) { 1 }
        registry.reading(
            "switchyard_routing_lock_timeout_errors_total",
            "Statements that reached lock_timeout.",
            kind: .counter,
            datadog: "routing.lock.timeout_errors"
        ) { Double(PoolStatistics.lockTimeouts) }
        registry.reading(
            "switchyard_disk_free_bytes",
            "Free space on the disk of SWITCHYARD_DIR.",
            datadog: "disk.free"
        ) { DiskRoom(path: diskPath)?.free }
        registry.reading("switchyard_disk_size_bytes", "Size of the disk of SWITCHYARD_DIR.") {
            DiskRoom(path: diskPath)?.total
        }
        ProcessStatistics.register(in: registry)
        registerDatabase()
        registerPool()
    }

    /// Adds the number of leads that wait for their answer on this node.
    package func watch(_ intake: LeadIntake) {
        registry.reading(
            "switchyard_intake_backlog_leads",
            "Leads on this node that wait for their answer.",
            datadog: "intake.backlog"
        ) { Double(intake.backlog) }
        registry.reading(
            "switchyard_intake_batches_total",
            "Batches of new leads that this node has taken.",
            kind: .counter
        ) { Double(intake.statistics.batches) }
    }

    /// Adds the alerts that fire, whichever node evaluated them: one series for each name, at most ten seconds old.
    package func watch(alerts: [String]) {
        for name in alerts {
            reading("switchyard_alert_firing", "Whether an alert fires: 1 or 0.", nil, [("alert", name)]) {
                $0.firingAlerts.contains(name) ? 1 : 0
            }
        }
    }

    /// Refreshes values that are not kept in memory: the pool, and the database unless it was read within ten seconds.
    package func refresh() async {
        let pool = await pool()
        let current = await reader.current()
        state.withLock { state in
            state.pool = pool
            switch current {
            case .known(let reading):
                state.reading = reading
                state.isUp = 1
            case .unknown:
                state.reading = nil
                state.isUp = 0
            case .unread: break
            }
        }
    }

    /// The text of `GET /metrics`.
    package func page() async -> String {
        await refresh()
        return registry.prometheusText()
    }

    /// Creates the reports of this node's last five minutes, for the alerts; called every ten seconds.
    ///
    /// - Parameters:
    ///   - watchingDisk: whether this machine's disk is the database's.
    ///   - refusals: the leads that this node could not store or write.
    /// - Returns: the function that creates a report.
    package func report(
        watchingDisk: Bool,
        refusals: RecentRefusals = RecentRefusals()
    ) -> @Sendable () -> NodeReport {
        let window = SharedWindow()
        return { [self] in
            let locks = routing.locks
            let sample = ReportWindow.Sample(
                acquired: locks.acquired,
                failed: locks.failed,
                timeouts: Double(PoolStatistics.lockTimeouts),
                latency: routing.latency.tally
            )
            var report = window.state.withLock { $0.report(sample, at: .now) }
            report.refusals = refusals.recent()
            if watchingDisk { report.diskFree = DiskRoom(path: diskPath).map { $0.free / $0.total } }
            return report
        }
    }

    private func registerDatabase() {
        reading(
            "switchyard_routing_success_rate",
            "Share of the last hour's attempts that assigned their lead, 0 to 1.",
            "routing.success_rate"
        ) { $0.health.successRate }
        reading("switchyard_routing_retry_queue_depth", "Rows of the queue that are due.", "routing.retry_queue.depth")
        { Double($0.dueCount) }
        reading(
            "switchyard_routing_retry_queue_leads",
            "Leads in the queue that were tried before, due or not.",
            "routing.retry_queue.leads"
        ) { Double($0.health.retryQueueCount) }
        reading("switchyard_routing_stale_locks", "Written locks older than five minutes.", "routing.stale_locks") {
            Double($0.health.staleLockCount)
        }
        reading("switchyard_routing_expired_leads", "Leads that expired within the last hour.", "routing.expired") {
            Double($0.health.expiredCount)
        }
        reading(
            "switchyard_routing_oldest_pending_seconds",
            "Age of the oldest waiting lead.",
            "routing.oldest_pending"
        ) { $0.health.oldestPendingSeconds ?? 0 }
        reading(
            "switchyard_routing_oldest_due_seconds",
            "For how long the oldest due lead has been due.",
            "routing.oldest_due"
        ) { $0.oldestDueSeconds ?? 0 }
        reading(
            "switchyard_routing_leads",
            "Leads by state: counted up to 5,000, an estimate above.",
            "routing.leads",
            [("status", "pending")]
        ) { Double($0.health.pendingCount) }
        reading("switchyard_routing_leads", "", nil, [("status", "routing")]) { Double($0.health.routingCount) }
        reading("switchyard_routing_leads", "", nil, [("status", "failed")]) { Double($0.health.failedCount) }
        reading(
            "switchyard_database_oldest_transaction_seconds",
            "Age of the oldest open transaction of the server.",
            "database.oldest_transaction"
        ) { $0.oldestTransactionSeconds }
        reading(
            "switchyard_database_connections",
            "Connections that clients have to the server.",
            "database.connections"
        ) { Double($0.connections) }
        reading("switchyard_database_max_connections", "Maximum number of connections of the server.", nil) {
            Double($0.maximumConnections)
        }
        registry.reading(
            "switchyard_database_up",
            "Whether the database answered the last query.",
            datadog: "database.up"
        ) {
            [weak self] in
            self?.state.withLock { $0.isUp }
        }
    }

    private func registerPool() {
        let help = "Connections of this node's pool."
        pool("switchyard_database_pool_connections", help, "database.pool.in_use", [("state", "in_use")]) {
            Double($0.inUse)
        }
        pool("switchyard_database_pool_connections", help, nil, [("state", "idle")]) { Double($0.open - $0.inUse) }
        pool("switchyard_database_pool_max_connections", "The maximum.", nil) { Double($0.maximum) }
        pool("switchyard_database_pool_waiting", "Callers that wait for a connection.", "database.pool.waiting") {
            Double($0.waiting)
        }
    }

    private func reading(
        _ name: String,
        _ help: String,
        _ datadog: String?,
        _ labels: MetricRegistry.Labels = [],
        _ value: @escaping @Sendable (RoutingReading) -> Double?
    ) {
        registry.reading(name, help, datadog: datadog, labels: labels) { [weak self] in
            self?.state.withLock { $0.reading }.flatMap(value)
        }
    }

    private func pool(
        _ name: String,
        _ help: String,
        _ datadog: String?,
        _ labels: MetricRegistry.Labels = [],
        _ value: @escaping @Sendable (PoolStatistics) -> Double
    ) {
        registry.reading(name, help, datadog: datadog, labels: labels) { [weak self] in
            self?.state.withLock { $0.pool }.map(value)
        }
    }
}
