import CivilTime
import Testing

@testable import RoutingRules

@Suite("Cron schedules")
struct CronScheduleTests {
    /// Seconds since 1970 of a time in UTC.
    private func time(
        _ year: Int64,
        _ month: Int,
        _ day: Int,
        _ hour: Int64 = 0,
        _ minute: Int64 = 0
    )
        -> Int64
    {
        (CivilDate(year: year, month: month, day: day)?.daysSinceEpoch ?? 0) * 86400 + hour * 3600 + minute * 60
    }

    private func next(_ text: String, _ after: Int64) throws -> Int64? {
        try CronSchedule(text).next(after: after)
    }

    @Test("The guide's four")
    func guide() throws {
        let noon = time(2026, 1, 31, 12, 2) + 30
        #expect(try next("*/5 * * * *", noon) == time(2026, 1, 31, 12, 5))
        #expect(try next("*/10 * * * *", noon) == time(2026, 1, 31, 12, 10))
        #expect(try next("0 2 * * *", noon) == time(2026, 2, 1, 2))
        #expect(try next("0 * * * *", noon) == time(2026, 1, 31, 13))
    }

    @Test("Next is later than the time given, previous not later")
    func boundaries() throws {
        let schedule = try CronSchedule("*/5 * * * *")
        let due = time(2026, 3, 1, 0, 5)
        #expect(schedule.next(after: due) == due + 300)
        #expect(schedule.next(after: due - 1) == due)
        #expect(schedule.previous(atOrBefore: due) == due)
        #expect(schedule.previous(atOrBefore: due + 299) == due)
        #expect(schedule.previous(atOrBefore: due - 1) == due - 300)
    }

    @Test("Lists, ranges, steps and names")
    func syntax() throws {
        let start = time(2026, 1, 1)
        #expect(try next("15,45 9-17/4 * * *", start) == time(2026, 1, 1, 9, 15))
        #expect(try next("0 0 1 mar,JUN *", start) == time(2026, 3, 1))
        // 1 January 2026 is a Thursday.
        #expect(try next("0 0 * * mon-fri", start) == time(2026, 1, 2))
        #expect(try next("0 0 * * sun", start) == time(2026, 1, 4))
        #expect(try next("0 0 * * 0", start) == time(2026, 1, 4))
        #expect(try next("0 0 * * 7", start) == time(2026, 1, 4))
        #expect(try next("0 0 * * fri-sun", time(2026, 1, 3)) == time(2026, 1, 4))
        #expect(try next("0 0 * * 5-7", time(2026, 1, 4)) == time(2026, 1, 9))
        #expect(try next("  0\t0  31 * * ", time(2026, 1, 31)) == time(2026, 3, 31))
    }

    @Test("Two restricted days: either will do; one that begins with a star is no restriction")
    func dayRule() throws {
        let start = time(2026, 1, 1)
        // The 13th, or a Friday.
        #expect(try next("0 0 13 * fri", start) == time(2026, 1, 2))
        #expect(try next("0 0 13 * fri", time(2026, 1, 9)) == time(2026, 1, 13))
        // Odd days that are Fridays.
        #expect(try next("0 0 */2 * fri", start) == time(2026, 1, 9))
    }

    @Test("Leap days")
    func leapDays() throws {
        #expect(try next("0 0 29 2 *", time(2026, 1, 1)) == time(2028, 2, 29))
        #expect(try next("0 0 29 2 *", time(2096, 2, 29)) == time(2104, 2, 29))
        // A leap day that is a Sunday: 28 years apart, 40 over the turn of most centuries.
        #expect(try next("0 0 29 2 */7", time(2026, 1, 1)) == time(2032, 2, 29))
        #expect(try next("0 0 29 2 */7", time(2088, 2, 29)) == time(2128, 2, 29))
        #expect(
            try CronSchedule("0 0 29 2 *").previous(atOrBefore: time(2103, 12, 31)) == time(2096, 2, 29)
        )
    }

    @Test("Going forward and back over years meets the same times, and the plain check agrees")
    func roundTrip() throws {
        let texts = [
            "*/5 * * * *", "0 2 * * *", "7 3,15 1,15,31 * *", "0 0 29 2 *", "30 4 * * mon",
            "59 23 31 dec *",
            "0 0 13 * fri", "11 */7 */3 */2 1-5", "0-59/20 22-23 28-31 2,4 *", "0 12 * 1-3 sat,sun",
        ]
        for text in texts {
            let schedule = try CronSchedule(text)
            var generator = SeededGenerator(seed: 7)
            for _ in 0..<200 {
                let after = Int64.random(in: time(1965, 1, 1)..<time(2110, 1, 1), using: &generator)
                let next = try #require(schedule.next(after: after))
                #expect(next > after)
                #expect(next % 60 == 0)
                #expect(schedule.previous(atOrBefore: next) == next)
                let previous = try #require(schedule.previous(atOrBefore: next - 1))
                #expect(previous <= after)
                #expect(schedule.next(after: previous) == next)
            }
        }
    }

    @Test("Every minute of two years against a plain check of the fields")
    func everyMinute() throws {
        let schedule = try CronSchedule("5,35 */6 1,29 feb,mar wed")
        var expected: [Int64] = []
        for day in time(2023, 6, 1) / 86400..<time(2025, 6, 1) / 86400 {
            let date = CivilDate(daysSinceEpoch: day)
            guard [2, 3].contains(date.month), [1, 29].contains(date.day) || date.dayOfWeek == 3 else {
                continue
            }
            for hour in [0, 6, 12, 18] as [Int64] {
                expected += [5, 35].map { day * 86400 + hour * 3600 + $0 * 60 }
            }
        }
        var found: [Int64] = []
        var now = time(2023, 6, 1) - 1
        while let next = schedule.next(after: now), next < time(2025, 6, 1) {
            found.append(next)
            now = next
        }
        #expect(found == expected)
        #expect(found.contains(time(2024, 2, 29, 6, 35)))
    }

    @Test(
        "Refuses",
        arguments: [
            "", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *",
            "* * * 13 *",
            "* * * 0 *", "* * * * 8", "5/15 * * * *", "*/0 * * * *", "*/x * * * *", "10-5 * * * *",
            "1-2-3 * * * *",
            "1,,2 * * * *", "-1 * * * *", "+1 * * * *", "* * * foo *", "0 0 30 2 *", "0 0 31 4,6,9,11 *",
            "*/2/3 * * * *",
            "@daily", "1.5 * * * *", "mon * * * *", "٣ * * * *",
        ]
    )
    func refuses(_ text: String) {
        #expect(throws: CronScheduleError.self) { try CronSchedule(text) }
    }

    @Test("Says which field is wrong")
    func messages() {
        let error = #expect(throws: CronScheduleError.self) { try CronSchedule("0 25 * * *") }
        #expect(
            error?.description
                == "The schedule has a value out of range in its hour: 0 to 23 are allowed."
        )
    }

    @Test("Times that cannot be computed with")
    func extremes() throws {
        let schedule = try CronSchedule("* * * * *")
        #expect(schedule.next(after: .max) == nil)
        #expect(schedule.previous(atOrBefore: .min) == nil)
        #expect(schedule.next(after: -1) == 0)
        #expect(schedule.previous(atOrBefore: -1) == -60)
    }
}
