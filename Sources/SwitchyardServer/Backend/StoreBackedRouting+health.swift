import LeadStore
import Postgres
import Web

extension StoreBackedRouting {
    func health() async throws -> HealthReport {
        try await tellingCaller { HealthReport(try await stores.health.health()) }
    }

    func readiness() async -> Readiness {
        do {
            guard try await stores.health.takesWrites() else {
                return .notReady(reason: "The database is read-only: this node cannot store leads.")
            }
            guard try await stores.schema.isMigrated() else {
                return .notReady(reason: "The database lacks part of the schema: run `switchyard migrate up`.")
            }
            return refusals.recent.map { .notReady(reason: "\($0): this node cannot store leads.") } ?? .ready
        } catch {
            let reason = PostgresError.outage((error as? PostgresError)?.sqlState)
            return .notReady(reason: "\(reason ?? "The database cannot be reached").")
        }
    }
}

extension HealthReport {
    /// Judges the counts by the guide's own alerts: more than 100 due, more than 10 stale locks, more than 10 % failures.
    init(_ health: RoutingHealth) {
        var reasons: [String] = []
        if health.retryQueueCount > 100 { reasons.append("More than 100 leads wait in the retry queue.") }
        if health.staleLockCount > 10 { reasons.append("More than 10 locks are stale.") }
        if let oldest = health.oldestPendingSeconds, oldest > 300 {
            reasons.append("A lead that is due has been waiting for more than five minutes.")
        }
        var status: Status = reasons.isEmpty ? .healthy : .degraded
        if let rate = health.successRate, rate < 0.9 {
            reasons.append("More than 10 % of the last hour's attempts failed.")
            status = .unhealthy
        }
        self.init(
            status: status,
            pendingCount: health.pendingCount,
            routingCount: health.routingCount,
            failedCount: health.failedCount,
            retryQueueCount: health.retryQueueCount,
            staleLockCount: health.staleLockCount,
            expiredCount: health.expiredCount,
            successRate: health.successRate,
            oldestPendingSeconds: health.oldestPendingSeconds,
            waitingForCapacity: health.waitingForCapacity,
            reasons: reasons,
            version: Version.current
        )
    }
}
