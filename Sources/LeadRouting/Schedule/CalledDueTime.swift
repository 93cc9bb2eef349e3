package import Postgres
import RoutingRules

/// Which due time a call by somebody else's clock is for.
package enum CalledDueTime {
    /// How much earlier than the due time a call may say it is.
    private static let tolerance: Int64 = 5

    /// The due time of a schedule that a call belongs to: the last one at the time which the call names.
    ///
    /// - Parameters:
    ///   - time: the time for which the call was made, as it says.
    ///   - cron: the schedule.
    /// - Returns: the due time, or nil if there is none.
    /// - Throws: `CronScheduleError` for a text that is no schedule.
    package static func of(_ time: Timestamp, cron: String) throws -> Timestamp? {
        let seconds = time.microsecondsSinceUnixEpoch / 1_000_000
        guard let due = try CronSchedule(cron).previous(atOrBefore: seconds + tolerance) else { return nil }
        return Timestamp(microsecondsSinceUnixEpoch: due * 1_000_000)
    }
}
