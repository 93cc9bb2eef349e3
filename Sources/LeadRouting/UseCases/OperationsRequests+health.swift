package import LeadStore
import Postgres

/// The health of routing.
///
/// Counts only, because the health route needs no key.
package struct HealthReport: Sendable, Hashable {
    /// The overall status.
    package enum Status: String, Sendable, Hashable {
        /// No problems.
        case healthy
        /// Leads are routed, but an operator should check the reasons.
        case degraded
        /// Leads are not being routed.
        case unhealthy
    }

    /// The counts.
    package let counts: RoutingHealth
    /// The overall status.
    package let status: Status
    /// Why the status is not healthy, one sentence each.
    package let reasons: [String]

    /// Derives the status from the guide's alerts: more than 100 due, more than 10 stale locks, more than 10 %
    /// failures.
    package init(_ counts: RoutingHealth) {
        self.counts = counts
        var reasons: [String] = []
        if counts.retryQueueCount > 100 { reasons.append("More than 100 leads wait in the retry queue.") }
        if counts.staleLockCount > 10 { reasons.append("More than 10 locks are stale.") }
        if let oldest = counts.oldestPendingSeconds, oldest > 300 {
            reasons.append("A lead that is due has been waiting for more than five minutes.")
        }
        var status: Status = reasons.isEmpty ? .healthy : .degraded
        if let rate = counts.successRate, rate < 0.9 {
            reasons.append("More than 10 % of the last hour's attempts failed.")
            status = .unhealthy
        }
        self.status = status
        self.reasons = reasons
    }
}

/// Whether requests can be served.
package enum Readiness: Sendable, Hashable {
    /// Requests can be served.
    case ready
    /// They cannot; the reason is shown without a key, so it names no host, user or value.
    case notReady(reason: String)
}

extension OperationsRequests {
    /// The health of routing.
    ///
    /// Needs no key, so it returns counts only, at a bounded cost.
    ///
    /// - Throws: ``RequestError``.
    package func health() async throws -> HealthReport {
        try await mappingErrors { HealthReport(try await stores.health.counts()) }
    }

    /// Whether requests can be served: the database answers, accepts writes and is migrated, and the last write did not
    /// fail because of a full disk.
    package func readiness() async -> Readiness {
        do {
            guard try await stores.health.takesWrites() else {
                return .notReady(reason: "The database is read-only: this node cannot store leads.")
            }
            guard try await stores.schema.isMigrated() else {
                return .notReady(reason: "The database lacks part of the schema: run `switchyard migrate up`.")
            }
            return writeFailure.recent.map { .notReady(reason: "\($0): this node cannot store leads.") } ?? .ready
        } catch {
            let reason = PostgresError.outage((error as? PostgresError)?.sqlState)
            return .notReady(reason: "\(reason ?? "The database cannot be reached").")
        }
    }
}
