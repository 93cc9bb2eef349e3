/// What `GET /api/health` tells.
///
/// Counts only: it is asked without a key.
package struct HealthReport: Sendable, Hashable {
    /// One word for the whole.
    package enum Status: String, Sendable, Hashable {
        /// All is well.
        case healthy
        /// Leads are served, but somebody should look.
        case degraded
        /// Leads are not being routed.
        case unhealthy
    }

    /// One word for the whole.
    package var status: Status
    /// Leads that wait.
    package var pendingCount: Int64
    /// Leads that somebody holds by a written lock.
    package var routingCount: Int64
    /// Leads that have failed for good.
    package var failedCount: Int64
    /// Rows of the retry queue.
    package var retryQueueCount: Int64
    /// Locks older than five minutes.
    package var staleLockCount: Int64
    /// Leads that expired within the last hour.
    package var expiredCount: Int64
    /// The share of the last hour's attempts that went well, 0 to 1; nil without any.
    package var successRate: Double?
    /// How long the oldest due lead has been waiting, in seconds; nil if none waits.
    package var oldestPendingSeconds: Double?
    /// Leads that wait for the capacity of their destinations.
    package var waitingForCapacity: Int64
    /// Why the status is not healthy, one sentence each.
    package var reasons: [String]
    /// The server's version.
    package var version: String

    /// A report.
    package init(
        status: Status,
        pendingCount: Int64 = 0,
        routingCount: Int64 = 0,
        failedCount: Int64 = 0,
        retryQueueCount: Int64 = 0,
        staleLockCount: Int64 = 0,
        expiredCount: Int64 = 0,
        successRate: Double? = nil,
        oldestPendingSeconds: Double? = nil,
        waitingForCapacity: Int64 = 0,
        reasons: [String] = [],
        version: String
    ) {
        self.status = status
        self.pendingCount = pendingCount
        self.routingCount = routingCount
        self.failedCount = failedCount
        self.retryQueueCount = retryQueueCount
        self.staleLockCount = staleLockCount
        self.expiredCount = expiredCount
        self.successRate = successRate
        self.oldestPendingSeconds = oldestPendingSeconds
        self.waitingForCapacity = waitingForCapacity
        self.reasons = reasons
        self.version = version
    }
}

/// Whether requests can be served.
package enum Readiness: Sendable, Hashable {
    /// They can.
    case ready
    /// They cannot; the reason is shown to anyone who asks, so it names no host, user or value.
    case notReady(reason: String)
}
