import LeadRouting
import Testing

/// Computed due times, compared with the cron texts of the guide.
struct ScheduleTests {
    private static let midnight: Int64 = 1_767_225_600
    private static let schedules: [Schedule] = [.everyFiveMinutes, .everyTenMinutes, .hourly, .dailyAtTwo]

    /// Whether cron would start a job at a minute of the day, for these forms: `*`, a number or `*/n`.
    private static func isDue(_ cron: String, minute: Int64) -> Bool {
        func matches(_ field: Substring, _ value: Int64) -> Bool {
            if field.hasPrefix("*/"), let step = Int64(field.dropFirst(2)) { return value % step == 0 }
            return field == "*" || Int64(field) == value
        }
        let fields = cron.split(separator: " ")
        return matches(fields[0], minute % 60) && matches(fields[1], minute / 60) && fields[2...] == ["*", "*", "*"]
    }

    @Test(arguments: schedules)
    func dueTimesAreThoseOfTheCronText(schedule: Schedule) {
        let days = Self.midnight..<Self.midnight + 3 * 86_400
        let due = days.filter { schedule.previous(atOrBefore: $0) == $0 }
        let expected = days.filter {
            $0 % 60 == 0 && Self.isDue(schedule.cron, minute: ($0 - Self.midnight) % 86_400 / 60)
        }
        #expect(due == expected)
    }

    @Test(arguments: schedules)
    func nextDueTimeFollowsPrevious(schedule: Schedule) {
        for time in [Self.midnight - 1, Self.midnight, Self.midnight + 7199, Self.midnight + 7200, -1] {
            let previous = schedule.previous(atOrBefore: time)
            let next = schedule.next(after: time)
            #expect(previous <= time)
            #expect(next > time)
            #expect(schedule.previous(atOrBefore: next - 1) == previous)
            #expect(schedule.previous(atOrBefore: next) == next)
        }
    }
}
