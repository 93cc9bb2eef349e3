import Postgres

/// The health of routing, at a cost that does not grow with the number of leads.
package struct RoutingHealth: Sendable, Hashable {
    /// Leads that wait: counted up to 5,000, an estimate above.
    package let pendingCount: Int64
    /// Leads with a written lock.
    package let routingCount: Int64
    /// Leads that have failed permanently: counted up to 5,000, an estimate above.
    package let failedCount: Int64
    /// Leads that wait for another attempt: counted up to 5,000, an estimate above.
    package let retryQueueCount: Int64
    /// Locks older than five minutes.
    package let staleLockCount: Int64
    /// Leads that expired within the last hour.
    package let expiredCount: Int64
    /// The share of successful attempts in the last hour, 0 to 1; nil without attempts.
    package let successRate: Double?
    /// How long the oldest due lead has been waiting, in seconds; nil if none waits.
    package let oldestPendingSeconds: Double?
    /// Leads that wait for the capacity of their destinations.
    package let waitingForCapacity: Int64

    /// A state; the defaults have no problem.
    package init(
        pendingCount: Int64 = 0,
        routingCount: Int64 = 0,
        failedCount: Int64 = 0,
        retryQueueCount: Int64 = 0,
        staleLockCount: Int64 = 0,
        expiredCount: Int64 = 0,
        successRate: Double? = nil,
        oldestPendingSeconds: Double? = nil,
        waitingForCapacity: Int64 = 0
    ) {
        self.pendingCount = pendingCount
        self.routingCount = routingCount
        self.failedCount = failedCount
        self.retryQueueCount = retryQueueCount
        self.staleLockCount = staleLockCount
        self.expiredCount = expiredCount
        self.successRate = successRate
        self.oldestPendingSeconds = oldestPendingSeconds
        self.waitingForCapacity = waitingForCapacity
    }
}

/// The health of routing and of the database server.
package struct HealthStore: Sendable {
    /// The connections, and the actor recorded with edits.
    package let session: StoreSession

    /// A store over a session.
    package init(_ session: StoreSession) {
        self.session = session
    }

    /// Whether the database accepts writes: it is not a standby, and not read-only.
    ///
    /// One row, cheap to query.
    package func takesWrites() async throws -> Bool {
        guard let row = try await session.pool.query(Self.writable).first else { return false }
        return try row.bool(0)
    }

    static let writable = Statement(
        "takes_writes",
        "SELECT NOT pg_catalog.pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off'"
    )

    /// The health of routing.
    ///
    /// One statement.
    package func counts() async throws -> RoutingHealth {
        guard let row = try await session.pool.query(Self.routingHealth).first else {
            throw StoreError(.notFound, "The database did not return the state of routing.")
        }
        return RoutingHealth(
            pendingCount: try row.int64IfPresent(0) ?? 0,
            routingCount: try row.int64IfPresent(1) ?? 0,
            failedCount: try row.int64IfPresent(2) ?? 0,
            retryQueueCount: try row.int64IfPresent(3) ?? 0,
            staleLockCount: try row.int64IfPresent(4) ?? 0,
            expiredCount: try row.int64IfPresent(5) ?? 0,
            successRate: try row.doubleIfPresent(6),
            oldestPendingSeconds: try row.doubleIfPresent(7),
            waitingForCapacity: try row.int64IfPresent(8) ?? 0
        )
    }

    static let routingHealth = Statement(
        "routing_health",
        """
        SELECT pending_count, routing_count, failed_count, retry_queue_count, stale_lock_count, expired_count,
            success_rate, oldest_pending_seconds, switchyard.waiting_for_capacity()
        FROM switchyard.routing_health()
        """
    )
}
