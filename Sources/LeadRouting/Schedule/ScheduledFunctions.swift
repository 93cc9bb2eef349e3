package import LeadStore
package import Logging
import Postgres

/// The implementations of the scheduled functions.
///
/// Each may run at any time, concurrently and repeatedly: its work is claimed row by row.
package struct ScheduledFunctions: Sendable {
    /// No function has this name.
    package struct UnknownName: Error, Sendable, CustomStringConvertible {
        /// The requested name.
        package let name: String
        package var description: String {
            "No scheduled function has this name. Valid names: "
                + ScheduledFunction.all.map(\.name).joined(separator: ", ") + "."
        }
    }

    private let stores: Stores
    private let router: WaitingLeadRouter
    private let observer: (any RoutingObserver)?
    private let logger: Logger

    /// The most leads that an observer receives at once.
    private static let mostObserved: Int32 = 10_000

    /// The functions on a store.
    ///
    /// - Parameters:
    ///   - stores: the stores.
    ///   - router: routes the leads that are due.
    ///   - observer: receives leads that expire, or fail with a stale lock.
    ///   - logger: logs the findings of the health check.
    package init(
        stores: Stores,
        router: WaitingLeadRouter,
        observer: (any RoutingObserver)? = nil,
        logger: Logger
    ) {
        self.stores = stores
        self.router = router
        self.observer = observer
        self.logger = logger
    }

    /// Runs a function, whether or not it is due, without recording it.
    ///
    /// - Parameters:
    ///   - name: one of ``ScheduledFunction/all``.
    ///   - limit: how many leads at most, for the two functions that route.
    /// - Returns: how many leads it changed; for the health check, how many values are out of bounds.
    /// - Throws: `PostgresError`, if the database fails.
    package func run(_ name: String, limit: Int? = nil) async throws -> Int64 {
        switch name {
        case "processLeadRoutingRetryQueue": try await retry(limit: limit ?? 20_000)
        case "cleanupStaleRoutingLocks": try await cleanUp()
        case "markExpiredLeads": try await expire()
        case "leadRoutingHealthCheck": try await checkHealth()
        case "triggerLeadRoutingRetry": try await retry(limit: limit ?? 100)
        default: throw UnknownName(name: name)
        }
    }

    private func retry(limit: Int) async throws -> Int64 {
        guard !router.retriesPaused else {
            logger.notice("retries are paused by DISABLE_ROUTING_RETRY")
            return 0
        }
        let claimed = try await Int64(router.drain(limit: max(0, limit)).claimed)
        _ = try await stores.statistics.gather()
        return claimed
    }

    private func cleanUp() async throws -> Int64 {
        let start = try await startOfEvents()
        let released = try await stores.queue.releaseStaleLocks()
        if released > 0, let start {
            await notifyObserver(.failed) { try await $0.leadsFailedByStaleLock(since: start, limit: $1) }
        }
        let queued = try await stores.queue.enqueueOrphans(limit: 10_000)
        _ = try await stores.statistics.gather()
        _ = try await stores.maintenance.prune()
        return released + queued
    }

    /// Expires leads in batches, each in its own transaction.
    private func expire() async throws -> Int64 {
        var total: Int64 = 0
        for _ in 0..<1000 {
            try Task.checkCancellation()
            let start = try await startOfEvents()
            let count = try await stores.queue.expireLeads()
            total += count
            if count == 0 { break }
            if let start { await notifyObserver(.expired) { try await $0.expiredLeads(since: start, limit: $1) } }
        }
        try await stores.maintenance.setVacuumSettings()
        return total
    }

    /// The time from which the observer receives events; nil without an observer.
    private func startOfEvents() async throws -> Timestamp? {
        observer == nil ? nil : try await stores.schedule.databaseTime()
    }

    /// Sends events of the audit log to the observer; a failure to read them does not fail the function.
    private func notifyObserver(
        _ kind: RoutingEvent.Kind,
        _ read: (QueueStore, Int32) async throws -> [EndedLead]
    ) async {
        guard let observer, let ended = try? await read(stores.queue, Self.mostObserved), !ended.isEmpty else { return }
        observer.observe(ended.map { RoutingEvent(kind, leadID: $0.id, source: $0.source, happenedAt: $0.endedAt) })
    }

    /// The guide's alerts: a backlog past 100, locks past 10, expired leads past 50, less than 90 % success.
    private func checkHealth() async throws -> Int64 {
        let health = try await stores.health.counts()
        var findings: [String] = []
        if health.retryQueueCount > 100 { findings.append("queue") }
        if health.staleLockCount > 10 { findings.append("stale locks") }
        if health.expiredCount > 50 { findings.append("expired leads") }
        if let rate = health.successRate, rate < 0.9 { findings.append("success rate") }
        logger.log(
            level: findings.isEmpty ? .info : .warning,
            "routing health",
            metadata: [
                "health.pending": "\(health.pendingCount)",
                "health.routing": "\(health.routingCount)",
                "health.failed": "\(health.failedCount)",
                "health.queue": "\(health.retryQueueCount)",
                "health.stale": "\(health.staleLockCount)",
                "health.expired": "\(health.expiredCount)",
                "health.findings": "\(findings.joined(separator: ", "))",
            ]
        )
        return Int64(findings.count)
    }
}
