/// One of the functions that run by the clock, or when somebody asks: its name and when it is due.
package struct ScheduledFunction: Sendable, Hashable {
    /// What triggers a function.
    package enum Trigger: Sendable, Hashable {
        /// A schedule of five fields, in UTC.
        case cron(String)
        /// An event by name.
        case event(String)
    }

    /// The function's name, as the guide prints it.
    package let name: String
    /// What triggers it.
    package let trigger: Trigger
    /// What it does, in a few words.
    package let summary: String

    /// The schedule, or nil for a function that waits for an event.
    package var cron: String? {
        guard case .cron(let text) = trigger else { return nil }
        return text
    }

    /// The guide's five.
    package static let all = [
        ScheduledFunction(
            name: "processLeadRoutingRetryQueue",
            trigger: .cron("*/5 * * * *"),
            summary: "routes leads whose retry is due"
        ),
        ScheduledFunction(
            name: "cleanupStaleRoutingLocks",
            trigger: .cron("*/10 * * * *"),
            summary: "returns leads with stale locks to the queue, queues lost ones, makes log partitions"
        ),
        ScheduledFunction(
            name: "markExpiredLeads",
            trigger: .cron("0 2 * * *"),
            summary: "expires leads that nobody could route in time"
        ),
        ScheduledFunction(
            name: "leadRoutingHealthCheck",
            trigger: .cron("0 * * * *"),
            summary: "looks at the queue, locks and failures, and logs what is out of bounds"
        ),
        ScheduledFunction(
            name: "triggerLeadRoutingRetry",
            trigger: .event("lead/routing.retry.trigger"),
            summary: "routes due leads now, at most as many as the event says"
        ),
    ]
}
