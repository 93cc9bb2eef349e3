/// A function that runs on a schedule or on request: its name and its trigger.
package struct ScheduledFunction: Sendable, Hashable {
    /// What triggers a function.
    package enum Trigger: Sendable, Hashable {
        /// A schedule.
        case schedule(Schedule)
        /// An event by name.
        case event(String)
    }

    /// The function's name, as the guide prints it.
    package let name: String
    /// What triggers it.
    package let trigger: Trigger
    /// A short description.
    package let summary: String

    /// The schedule, or nil for a function triggered by an event.
    package var schedule: Schedule? {
        guard case .schedule(let schedule) = trigger else { return nil }
        return schedule
    }

    /// The five functions of the guide.
    package static let all = [
        ScheduledFunction(
            name: "processLeadRoutingRetryQueue",
            trigger: .schedule(.everyFiveMinutes),
            summary: "routes leads whose retry is due"
        ),
        ScheduledFunction(
            name: "cleanupStaleRoutingLocks",
            trigger: .schedule(.everyTenMinutes),
            summary: "returns leads with stale locks to the queue, queues lost ones, makes log partitions"
        ),
        ScheduledFunction(
            name: "markExpiredLeads",
            trigger: .schedule(.dailyAtTwo),
            summary: "expires leads that were not routed in time"
        ),
        ScheduledFunction(
            name: "leadRoutingHealthCheck",
            trigger: .schedule(.hourly),
            summary: "checks queue, locks and failures, and logs values out of bounds"
        ),
        ScheduledFunction(
            name: "triggerLeadRoutingRetry",
            trigger: .event("lead/routing.retry.trigger"),
            summary: "routes due leads now, up to the limit in the event"
        ),
    ]
}
