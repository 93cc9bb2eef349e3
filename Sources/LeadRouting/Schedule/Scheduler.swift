package import FoundationEssentials
package import LeadStore
package import Logging
package import Postgres
import ServiceLifecycle

/// What the scheduler needs of the database; a test gives it another.
package protocol DueTimeClaiming: Sendable {
    /// The clock that decides what is due.
    func databaseTime() async throws -> Timestamp
    /// Takes a due time for a node, if no node has; asked again with the same claim, the answer is the same.
    func claimRun(_ name: String, dueAt: Timestamp, node: String, claim: UUID) async throws -> Bool
    /// Takes a due time whose run has failed, to try it once more.
    func reclaimFailedRun(_ name: String, dueAt: Timestamp, node: String) async throws -> Bool
    /// The run of a due time, if a node has taken it.
    func run(_ name: String, dueAt: Timestamp) async throws -> ScheduledRun?
    /// Notes how a run ended.
    func finishRun(_ name: String, dueAt: Timestamp, node: String, affected: Int64?, error: String?) async throws
}

extension ScheduleStore: DueTimeClaiming {}

/// Runs the scheduled functions: each due time once over all nodes, by the database's clock.
///
/// Where something else keeps the schedule and calls `run(_:dueAt:retryingFailure:_:)`, it stands by: it waits for a
/// grace past each due time, and runs what was not taken by then.
package struct Scheduler: Service {
    /// Runs a function by name and answers how many leads it touched.
    package typealias Body = @Sendable (_ name: String) async throws -> Int64

    let store: any DueTimeClaiming
    private let functions: [ScheduledFunction]
    let node: String
    private let grace: Int64
    private let clock: any Clock<Duration>
    let logger: Logger
    private let body: Body

    /// However far the next due time is, the database's clock is read again after this time.
    private static let longestSleep: Int64 = 30

    /// A scheduler of this node.
    ///
    /// - Parameters:
    ///   - store: where due times are taken.
    ///   - functions: what there is to run.
    ///   - node: what this node calls itself; another for each process.
    ///   - grace: how many seconds a due time is left to others first.
    ///   - clock: what pauses are measured by.
    ///   - logger: for runs and failures.
    ///   - body: what runs a function.
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

    /// Runs what is due, and sleeps until something is, until the graceful shutdown.
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
            if grace > 0 { logger.notice("a due time was not called for", metadata: ["function": "\(name)"]) }
            _ = try? await carryOut(name, dueAt: time, body)
        }
        return now
    }

    /// Runs a function now on request, and records it like any other run.
    package func runByHand(_ name: String, body override: Body? = nil) async throws -> Int64 {
        guard functions.contains(where: { $0.name == name }) else {
            throw ScheduledFunctions.UnknownName(name: name)
        }
        let now = try await store.databaseTime()
        _ = try await store.claimRun(name, dueAt: now, node: node, claim: UUID())
        return try await carryOut(name, dueAt: now, override ?? body)
    }

    /// Runs a function whose due time this node has taken, and notes how it ended.
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
