package import LeadStore
package import Logging
import Postgres
import RoutingRules
import ServiceLifecycle

/// Watches what becomes of leads after rules were published, and has the last good rules come back when routings fail.
///
/// Every node watches; the database lets one of them act, once for each version. Alerts are raised from the row that a
/// rollback leaves, by the node that evaluates them: the node that acted need not live on.
package struct AutoRollbackWatch: Service {
    /// Looks, and answers what was taken back by this look.
    package typealias Look = @Sendable () async throws -> [AutoRollback]

    /// How often a node looks; it is up to half as long again, so that nodes do not look in step.
    package static let interval = Duration.seconds(20)

    private let look: Look
    private let clock: any Clock<Duration>
    private let logger: Logger

    /// A watch.
    ///
    /// - Parameters:
    ///   - clock: what pauses are measured by.
    ///   - logger: receives each rollback at level error. The alert `auto_rollback` reads the rows of the database.
    ///   - look: what looks.
    package init(
        clock: any Clock<Duration> = .continuous,
        logger: Logger,
        look: @escaping Look
    ) {
        self.look = look
        self.clock = clock
        self.logger = logger
    }

    /// Looks until the graceful shutdown.
    package func run() async throws {
        var isDown = false
        while !Task.isCancelled, !Task.isShuttingDownGracefully {
            do {
                try await tick()
                isDown = false
            } catch {
                if !isDown { logger.warning("publications are not watched", metadata: ["error": "\(error)"]) }
                isDown = true
            }
            let pause = Self.interval * Double.random(in: 1...1.5)
            await cancelWhenGracefulShutdown { try? await clock.sleep(for: pause) }
        }
    }

    /// Looks once.
    package func tick() async throws {
        for rollback in try await look() {
            logger.error(
                "rules were taken back because routings failed",
                metadata: [
                    "rules.owner": "\(rollback.owner?.text ?? "platform")",
                    "rules.bad": "\(rollback.badVersion)", "rules.good": "\(rollback.goodVersion)",
                    "rules.version": "\(rollback.newVersion)", "routings": "\(rollback.routings)",
                    "failures": "\(rollback.failures)",
                ]
            )
        }
    }
}
