package import LeadStore
package import Logging
package import Postgres
import ServiceLifecycle

/// What the scheduler needs of the database; a test gives it another.
package protocol ScheduleStore: Sendable {
    /// The clock that decides what is due.
    func databaseTime() async throws -> Timestamp
    /// Takes a due time for a node, if nobody has.
    func claimRun(_ name: String, dueAt: Timestamp, node: String) async throws -> Bool
    /// Notes how a run ended.
    func finishRun(_ name: String, dueAt: Timestamp, node: String, affected: Int64?, error: String?) async throws
}

extension LeadStore: ScheduleStore {}

/// Runs the scheduled functions: each due time once over all nodes, by the database's clock.
package struct Scheduler: Service {
    /// Runs a function by name and answers how many leads it touched.
    package typealias Body = @Sendable (_ name: String) async throws -> Int64

    private let store: any ScheduleStore
    private let functions: [ScheduledFunction]
    private let node: String
    private let clock: any Clock<Duration>
    private let logger: Logger
    private let body: Body

    /// However far the next due time is, the database's clock is read again after this time.
    private static let longestSleep: Int64 = 30

    /// A scheduler of this node.
    ///
    /// - Parameters:
    ///   - store: where due times are taken.
    ///   - functions: what there is to run.
    ///   - node: what this node calls itself; another for each process.
    ///   - clock: what pauses are measured by.
    ///   - logger: for runs and failures.
    ///   - body: what runs a function.
    package init(
        store: any ScheduleStore,
        functions: [ScheduledFunction] = ScheduledFunction.all,
        node: String,
        clock: any Clock<Duration> = .continuous,
        logger: Logger,
        body: @escaping Body
    ) {
        self.store = store
        self.functions = functions
        self.node = node
        self.clock = clock
        self.logger = logger
        self.body = body
    }

    /// Runs what is due, and sleeps until something is, until the graceful shutdown.
    package func run() async throws {
        var times = try DueTimes(functions)
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

    /// Runs each function whose latest due time nobody has taken.
    ///
    /// - Returns: the database's time that it went by, in seconds since 1970.
    @discardableResult
    package func tick(_ times: inout DueTimes) async throws -> Int64 {
        let now = try await store.databaseTime().microsecondsSinceUnixEpoch / 1_000_000
        for (name, dueAt) in times.due(at: now) {
            let time = Timestamp(microsecondsSinceUnixEpoch: dueAt * 1_000_000)
            let isOurs = try await store.claimRun(name, dueAt: time, node: node)
            times.handle(name, dueAt: dueAt)
            if isOurs { _ = try? await carryOut(name, dueAt: time, body) }
        }
        return now
    }

    /// Runs a function now because somebody asks, and records it like any other run.
    package func runByHand(_ name: String, body override: Body? = nil) async throws -> Int64 {
        guard functions.contains(where: { $0.name == name }) else {
            throw ScheduledFunctions.UnknownName(name: name)
        }
        let now = try await store.databaseTime()
        _ = try await store.claimRun(name, dueAt: now, node: node)
        return try await carryOut(name, dueAt: now, override ?? body)
    }

    private func carryOut(_ name: String, dueAt: Timestamp, _ body: Body) async throws -> Int64 {
        do {
            let affected = try await body(name)
            try await store.finishRun(name, dueAt: dueAt, node: node, affected: affected, error: nil)
            logger.info("scheduled function ran", metadata: ["function": "\(name)", "affected": "\(affected)"])
            return affected
        } catch {
            logger.error("scheduled function failed", metadata: ["function": "\(name)", "error": "\(error)"])
            try? await store.finishRun(name, dueAt: dueAt, node: node, affected: nil, error: "\(error)")
            throw error
        }
    }
}
