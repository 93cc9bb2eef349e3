package import LeadStore
package import Logging
import Postgres

/// The bodies of the scheduled functions.
///
/// Each may run at any time, at the same time as itself, and twice: what it does is claimed row by row.
package struct ScheduledFunctions: Sendable {
    /// There is no function of this name.
    package struct UnknownName: Error, Sendable, CustomStringConvertible {
        /// What was asked for.
        package let name: String
        package var description: String {
            "There is no scheduled function of that name; there are "
                + ScheduledFunction.all.map(\.name).joined(separator: ", ") + "."
        }
    }

    private let stores: Stores
    private let router: WaitingLeadRouter
    private let observer: (any RoutingObserver)?
    private let logger: Logger

    /// How many leads of one portion an observer receives.
    private static let told: Int32 = 10_000

    /// The functions on a store.
    ///
    /// - Parameters:
    ///   - stores: every statement.
    ///   - router: what routes leads that are due.
    ///   - observer: receives leads that expire, or fail with a stale lock.
    ///   - logger: for what the health check finds.
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

    /// Runs a function, whether or not it is due, and does not record it.
    ///
    /// - Parameters:
    ///   - name: one of ``ScheduledFunction/all``.
    ///   - limit: how many leads at most, for the two functions that route.
    /// - Returns: how many leads it touched; for the health check, how many figures are out of bounds.
    /// - Throws: what the database says.
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

    /// Expires in the portions that the database takes, each in a transaction of its own.
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

    /// When the events begin that the observer receives; nil without an observer.
    private func startOfEvents() async throws -> Timestamp? {
        observer == nil ? nil : try await stores.schedule.databaseTime()
    }

    /// Tells the observer what the audit log has; if it cannot be read, the function has done its work all the same.
    private func notifyObserver(
        _ kind: RoutingEvent.Kind,
        _ read: (QueueStore, Int32) async throws -> [EndedLead]
    ) async {
        guard let observer, let ended = try? await read(stores.queue, Self.told), !ended.isEmpty else { return }
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
