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
    ///
    /// Leads that this node could not store make it unhealthy as well.
    ///
    /// A full queue of new leads only degrades it: a probe that took the node out of service would move its load to
    /// the others.
    ///
    /// - Parameters:
    ///   - counts: the counts.
    ///   - refusals: the leads that this node could not store or write lately.
    package init(_ counts: RoutingHealth, refusals: [RecentRefusals.Entry] = []) {
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
        for refusal in refusals {
            if refusal.effect == .notStored { status = .unhealthy } else if status == .healthy { status = .degraded }
            reasons.append("\(refusal.sentence) \(refusal.reason).")
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
        try await mappingErrors { HealthReport(try await stores.health.counts(), refusals: refusals.recent()) }
    }

    /// Whether requests can be served: the database answers, accepts writes and is migrated, and the last write did not
    /// fail because of a full disk.
    ///
    /// It answers within a second, also while the database does not: probes often give up after one.
    ///
    /// - Parameter limit: how long it waits for the database.
    /// - Returns: the readiness.
    package func readiness(within limit: Duration = .milliseconds(800)) async -> Readiness {
        let stores = stores
        do {
            let (takesWrites, isMigrated) = try await TimeLimit(duration: limit)({
                let takesWrites = try await stores.health.takesWrites()
                return (takesWrites, takesWrites ? try await stores.schema.isMigrated() : true)
            })
            guard takesWrites else {
                return .notReady(reason: "The database is read-only: this node cannot store leads.")
            }
            guard isMigrated else {
                return .notReady(reason: "The database lacks part of the schema: run `switchyard migrate up`.")
            }
            return writeFailure.recent.map { .notReady(reason: "\($0): this node cannot store leads.") } ?? .ready
        } catch is TimeLimit.Exceeded {
            // The pool tries again for longer than a probe waits, and knows why its last attempt failed.
            let reason = stores.health.session.pool.lastFailure.flatMap { PostgresError.outage($0.sqlState) }
            return .notReady(reason: "\(reason ?? "The database does not answer").")
        } catch {
            let reason = PostgresError.outage((error as? PostgresError)?.sqlState)
            return .notReady(reason: "\(reason ?? "The database cannot be reached").")
        }
    }
}
