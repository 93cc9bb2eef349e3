/// The schedule of a function: one time of each interval, counted from midnight in UTC.
package struct Schedule: Sendable, Hashable {
    /// The same schedule in cron's notation, for display and for Inngest.
    package let cron: String
    /// From one due time to the next, in seconds.
    private let interval: Int64
    /// The first due time of a day, in seconds after midnight.
    private let offset: Int64

    /// A schedule.
    ///
    /// - Parameters:
    ///   - cron: the schedule in cron's notation.
    ///   - interval: from one due time to the next, in seconds; a divisor of a day.
    ///   - offset: the first due time of a day, in seconds after midnight.
    package init(cron: String, every interval: Int64, from offset: Int64 = 0) {
        self.cron = cron
        self.interval = interval
        self.offset = offset
    }

    /// Every five minutes.
    package static let everyFiveMinutes = Schedule(cron: "*/5 * * * *", every: 300)
    /// Every ten minutes.
    package static let everyTenMinutes = Schedule(cron: "*/10 * * * *", every: 600)
    /// At every full hour.
    package static let hourly = Schedule(cron: "0 * * * *", every: 3600)
    /// Every day at two o'clock.
    package static let dailyAtTwo = Schedule(cron: "0 2 * * *", every: 86_400, from: 7200)

    /// The last due time that is not later than a time, both in seconds since 1970.
    package func previous(atOrBefore time: Int64) -> Int64 {
        let rest = (time - offset) % interval
        return time - (rest < 0 ? rest + interval : rest)
    }

    /// The first due time that is later than a time, both in seconds since 1970.
    package func next(after time: Int64) -> Int64 { previous(atOrBefore: time) + interval }
}
