package import Postgres

/// The values of the database for metrics and alerts, read at one moment.
package struct RoutingReading: Sendable, Hashable {
    /// The health of routing.
    package let health: RoutingHealth
    /// Queue rows that are due, counted up to 20,000.
    package let dueCount: Int64
    /// How long the oldest of them has been due, in seconds; nil if none is.
    package let oldestDueSeconds: Double?
    /// Attempts of the last five minutes, the newest 5,000 of them.
    package let recentAttempts: Int64
    /// How many of those did not route their lead.
    package let recentFailures: Int64
    /// How many of those were duplicates.
    package let recentDuplicates: Int64
    /// The age of the oldest visible open transaction, in seconds.
    package let oldestTransactionSeconds: Double
    /// Client connections to the server.
    package let connections: Int64
    /// The maximum number of connections.
    package let maximumConnections: Int64
    /// The names of the alerts that fire.
    package let firingAlerts: Set<String>
    /// The database's clock.
    package let time: Timestamp

    /// A reading.
    package init(
        health: RoutingHealth,
        dueCount: Int64 = 0,
        oldestDueSeconds: Double? = nil,
        recentAttempts: Int64 = 0,
        recentFailures: Int64 = 0,
        recentDuplicates: Int64 = 0,
        oldestTransactionSeconds: Double = 0,
        connections: Int64 = 0,
        maximumConnections: Int64 = 0,
        firingAlerts: Set<String> = [],
        time: Timestamp
    ) {
        self.health = health
        self.dueCount = dueCount
        self.oldestDueSeconds = oldestDueSeconds
        self.recentAttempts = recentAttempts
        self.recentFailures = recentFailures
        self.recentDuplicates = recentDuplicates
        self.oldestTransactionSeconds = oldestTransactionSeconds
        self.connections = connections
        self.maximumConnections = maximumConnections
        self.firingAlerts = firingAlerts
        self.time = time
    }
}

extension HealthStore {
    /// Reads the values for metrics and alerts.
    ///
    /// One statement, bounded in cost; each node should call it at most every ten seconds.
    package func routingReading() async throws -> RoutingReading {
        guard let row = try await session.pool.query(Self.readRouting, timeout: .seconds(10)).first else {
            throw StoreError(.notFound, "The database did not return the state of routing.")
        }
        return RoutingReading(
            health: RoutingHealth(
                pendingCount: try row.int64IfPresent(0) ?? 0,
                routingCount: try row.int64IfPresent(1) ?? 0,
                failedCount: try row.int64IfPresent(2) ?? 0,
                retryQueueCount: try row.int64IfPresent(3) ?? 0,
                staleLockCount: try row.int64IfPresent(4) ?? 0,
                expiredCount: try row.int64IfPresent(5) ?? 0,
                successRate: try row.doubleIfPresent(6),
                oldestPendingSeconds: try row.doubleIfPresent(7)
            ),
            dueCount: try row.int64(8),
            oldestDueSeconds: try row.doubleIfPresent(9),
            recentAttempts: try row.int64(10),
            recentFailures: try row.int64(11),
            recentDuplicates: try row.int64(12),
            oldestTransactionSeconds: try row.doubleIfPresent(13) ?? 0,
            connections: try row.int64(14),
            maximumConnections: try row.int64(15),
            firingAlerts: Set((try row.stringIfPresent(16) ?? "").split(separator: ",").map(String.init)),
            time: try row.timestamp(17)
        )
    }

    static let readRouting = Statement("routing_reading", Embedded.routingReading)
}
