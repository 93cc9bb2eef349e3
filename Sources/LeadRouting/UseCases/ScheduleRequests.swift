package import LeadStore
package import Postgres
import RoutingRules

/// A scheduled function, with its last run and its next.
package struct ScheduledFunctionState: Sendable {
    /// The function.
    package let function: ScheduledFunction
    /// Its last run; nil: it never ran.
    package let lastRun: ScheduledRun?
    /// When it is due next; nil for a function that waits for an event.
    package let nextRunAt: Timestamp?
}

/// What an administrator may ask of the scheduled functions.
package struct ScheduleRequests: Sendable {
    let stores: Stores
    let scheduler: Scheduler

    /// Every scheduled function with its last run and its next.
    ///
    /// - Throws: ``RequestError``.
    package func list(as caller: Caller) async throws -> [ScheduledFunctionState] {
        try caller.requireAdministrator(.admin)
        return try await mappingErrors {
            let now = try await stores.schedule.databaseTime().microsecondsSinceUnixEpoch / 1_000_000
            let times = DueTimes(ScheduledFunction.all)
            let runs = try await stores.schedule.lastRuns()
            let last = Dictionary(runs.map { ($0.name, $0) }) { _, last in last }
            return ScheduledFunction.all.map { function in
                ScheduledFunctionState(
                    function: function,
                    lastRun: last[function.name],
                    nextRunAt: times.next(of: function.name, after: now)
                        .map { Timestamp(microsecondsSinceUnixEpoch: $0 * 1_000_000) }
                )
            }
        }
    }

    /// Runs a function now, in this process, and records it like any other run.
    ///
    /// - Parameters:
    ///   - name: one of ``ScheduledFunction/all``.
    ///   - caller: an administrator; `admin`.
    /// - Returns: how many leads it touched.
    /// - Throws: ``RequestError``; `.invalid` for a name that no function has.
    package func run(_ name: String, as caller: Caller) async throws -> Int64 {
        try caller.requireAdministrator(.admin)
        let names = ScheduledFunction.all.map(\.name)
        guard names.contains(name) else {
            throw RequestError.invalid([
                FieldProblem(
                    field: "name",
                    message: "The function “\(name)” does not exist.",
                    remedy: "Valid names: \(names.joined(separator: ", "))."
                )
            ])
        }
        return try await mappingErrors { try await scheduler.runByHand(name) }
    }
}
