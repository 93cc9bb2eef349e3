package import FoundationEssentials
package import LeadStore
package import Logging
package import Postgres
import ServiceLifecycle

/// The statements that the scheduler needs; tests provide a fake.
package protocol DueTimeClaiming: Sendable {
    /// The clock that determines what is due.
    func databaseTime() async throws -> Timestamp
    /// Takes a due time for a node, if no node has; the same claim always gets the same answer.
    func claimRun(_ name: String, dueAt: Timestamp, node: String, claim: UUID) async throws -> Bool
    /// Takes a due time whose run has failed, to repeat it.
    func reclaimFailedRun(_ name: String, dueAt: Timestamp, node: String) async throws -> Bool
    /// The run of a due time, if a node has taken it.
    func run(_ name: String, dueAt: Timestamp) async throws -> ScheduledRun?
    /// Records the end of a run.
    func finishRun(_ name: String, dueAt: Timestamp, node: String, affected: Int64?, error: String?) async throws
}

extension ScheduleStore: DueTimeClaiming {}

/// Runs the scheduled functions: each due time once over all nodes, by the database's clock.
///
/// If an external scheduler calls `run(_:dueAt:retryingFailure:_:)`, this one stands by: it waits for a grace period
/// after each due time, and runs what was not taken by then.
package struct Scheduler: Service {
    /// Runs a function by name and returns how many leads it changed.
    package typealias Body = @Sendable (_ name: String) async throws -> Int64

    let store: any DueTimeClaiming
    private let functions: [ScheduledFunction]
    let node: String
    private let grace: Int64
    private let clock: any Clock<Duration>
    let logger: Logger
    private let body: Body

    /// The longest time between two reads of the database's clock.
    private static let longestSleep: Int64 = 30

    /// A scheduler of this node.
    ///
    /// - Parameters:
    ///   - store: the store of runs.
    ///   - functions: the functions.
    ///   - node: the name of this node, unique for each process.
    ///   - grace: for how many seconds an external scheduler may take a due time first.
    ///   - clock: measures the pauses.
    ///   - logger: logs runs and failures.
    ///   - body: runs a function.
    package init(
        store: any DueTimeClaiming,
        functions: [ScheduledFunction] = ScheduledFunction.all,
        node: String,
        grace: Int64 = 0,
        clock: any Clock<Duration> = .continuous,
        logger: Logger,
        body: @escaping Body
    ) {
        self.store = store
        self.functions = functions
        self.node = node
        self.grace = grace
        self.clock = clock
        self.logger = logger
        self.body = body
    }

    /// Runs due functions, and sleeps until the next one, until the graceful shutdown.
    package func run() async throws {
        var times = DueTimes(functions)
        var isDown = false
        while !Task.isCancelled, !Task.isShuttingDownGracefully {
            var pause = Duration.seconds(5)
            do {
                let now = try await tick(&times)
                let wait = min(Self.longestSleep, max(1, (times.next(after: now) ?? .max) - now))
                pause = .seconds(wait)
                isDown = false
            } catch {
                if !isDown { logger.warning("the schedule is interrupted", metadata: ["error": "\(error)"]) }
                isDown = true
            }
            let sleeping = pause
            await cancelWhenGracefulShutdown { try? await clock.sleep(for: sleeping) }
        }
    }

    /// Runs each function whose latest due time no node has taken.
    ///
    /// - Returns: the time up to which due times are handled now, in seconds since 1970 by the database's clock.
    @discardableResult
    package func tick(_ times: inout DueTimes) async throws -> Int64 {
        let now = try await store.databaseTime().microsecondsSinceUnixEpoch / 1_000_000 - grace
        for (name, dueAt) in times.due(at: now) {
            let time = Timestamp(microsecondsSinceUnixEpoch: dueAt * 1_000_000)
            let isOurs = try await store.claimRun(name, dueAt: time, node: node, claim: times.claim)
            times.handle(name, dueAt: dueAt)
            guard isOurs else { continue }
            if grace > 0 {
                logger.notice("the external scheduler missed a due time", metadata: ["function": "\(name)"])
            }
            _ = try? await carryOut(name, dueAt: time, body)
        }
        return now
    }

    /// Runs a function on request, and records it like any other run.
    package func runByHand(_ name: String, body override: Body? = nil) async throws -> Int64 {
        guard functions.contains(where: { $0.name == name }) else {
            throw ScheduledFunctions.UnknownName(name: name)
        }
        let now = try await store.databaseTime()
        _ = try await store.claimRun(name, dueAt: now, node: node, claim: UUID())
        return try await carryOut(name, dueAt: now, override ?? body)
    }

    /// Runs a function whose due time this node has taken, and records the result.
    func carryOut(_ name: String, dueAt: Timestamp, _ body: Body) async throws -> Int64 {
        let affected: Int64
        do {
            affected = try await body(name)
        } catch {
            logger.error("scheduled function failed", metadata: ["function": "\(name)", "error": "\(error)"])
            try? await store.finishRun(name, dueAt: dueAt, node: node, affected: nil, error: "\(error)")
            throw error
        }
        try await store.finishRun(name, dueAt: dueAt, node: node, affected: affected, error: nil)
        logger.info("scheduled function ran", metadata: ["function": "\(name)", "affected": "\(affected)"])
        return affected
    }
}
