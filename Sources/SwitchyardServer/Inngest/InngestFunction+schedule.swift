import Inngest
import JSON
import LeadRouting
import Postgres

extension InngestFunction {
    /// The scheduled functions, for Inngest to call.
    static func all(_ routing: RoutingServices) -> [InngestFunction] {
        ScheduledFunction.all.map { function in
            switch function.trigger {
            case .schedule(let schedule): scheduled(function.name, schedule, routing)
            case .event(let event): triggered(function.name, event: event, routing)
            }
        }
    }

    /// A function with a schedule: it takes the due time in the database first, so that it runs once, with any number
    /// of callers.
    private static func scheduled(_ name: String, _ schedule: Schedule, _ routing: RoutingServices) -> InngestFunction {
        InngestFunction(id: name, triggers: [.cron(schedule.cron)], retries: 3, concurrency: 1) { call in
            guard let time = call.scheduledTime else {
                throw FunctionFailure.final("The event has no time.", name: "BadCall")
            }
            let dueAt = schedule.dueTime(ofCallAt: time)
            let called = try await reporting {
                try await routing.scheduler.run(name, dueAt: dueAt, retryingFailure: true) {
                    try await routing.functions.run($0)
                }
            }
            switch called {
            case .ran(let affected): return result(name, dueAt, "ran", affected)
            case .hadRun(let affected): return result(name, dueAt, "had run before", affected)
            case .isRunning where call.isLastAttempt: return result(name, dueAt, "is running", nil)
            case .isRunning:
                throw FunctionFailure.retriable("The function is running.", name: "Running", after: .seconds(30))
            case .hadFailed: throw FunctionFailure.retriable("The run failed.", name: "Failed")
            case .notDue: throw FunctionFailure.final("Not due until \(dueAt).", name: "NotDue")
            }
        }
    }

    /// A function triggered by an event.
    ///
    /// Its work is a step: when the call is repeated afterwards, the work is not.
    private static func triggered(_ name: String, event: String, _ routing: RoutingServices) -> InngestFunction {
        InngestFunction(id: name, triggers: [.event(event)], retries: 3) { call in
            let limit = try call.limit
            return try await call.step("route-due-leads") {
                let affected = try await reporting {
                    try await routing.scheduler.runByHand(name) { try await routing.functions.run($0, limit: limit) }
                }
                return ["function": .string(name), "affected": JSONValue(affected)]
            }
        }
    }

    private static func result(_ name: String, _ dueAt: Timestamp, _ status: String, _ affected: Int64?) -> JSONValue {
        .object(leavingOutNil: [
            "function": .string(name), "dueAt": .string("\(dueAt)"), "status": .string(status),
            "affected": affected.map { JSONValue($0) },
        ])
    }

    /// Forwards errors of the database, which hold no personal data; of other errors only the type.
    private static func reporting<Value>(_ work: () async throws -> Value) async throws -> Value {
        do {
            return try await work()
        } catch let error as PostgresError {
            throw FunctionFailure.retriable("\(error)", name: "PostgresError")
        }
    }
}

extension FunctionCall {
    /// The scheduled time of a call.
    fileprivate var scheduledTime: Timestamp? {
        for key in ["scheduledAt", "fireAt"] {
            if let time = event.data[key]?.string.flatMap(Timestamp.init(rfc3339:)) { return time }
        }
        return event.timestamp.map { Timestamp(microsecondsSinceUnixEpoch: $0 &* 1000) }
    }

    /// The limit of the event.
    fileprivate var limit: Int? {
        get throws {
            guard let value = event.data["limit"], value != .null else { return nil }
            guard let number = value.integer, 1...100_000 ~= number else {
                throw FunctionFailure.final("limit must be a whole number from 1 to 100000.", name: "BadLimit")
            }
            return Int(number)
        }
    }
}
