import CivilTime
import Testing

struct CivilDateTests {
    @Test func everyDayOfFourCenturiesRoundTrips() throws {
        let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        var (year, month, day, weekday) = (Int64(1800), 1, 1, 3)
        let first = try #require(CivilDate(year: 1800, month: 1, day: 1)).daysSinceEpoch
        var failures = 0
        for number in first..<(first + CivilDate.daysInCycle + 1000) {
            let date = CivilDate(daysSinceEpoch: number)
            if (date.year, date.month, date.day, date.dayOfWeek) != (year, month, day, weekday) { failures += 1 }
            if CivilDate(year: year, month: month, day: day) != date { failures += 1 }
            if CivilDate(date.text) != date { failures += 1 }
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            let length = lengths[month - 1] + (month == 2 && isLeap ? 1 : 0)
            day += 1
            weekday = (weekday + 1) % 7
            if day > length { (month, day) = (month + 1, 1) }
            if month > 12 { (year, month) = (year + 1, 1) }
        }
        #expect(failures == 0)
        #expect(CivilDate(daysSinceEpoch: 0).dayOfWeek == 4)
    }

    @Test(
        arguments: [
            (2026, 0, 1), (2026, 13, 1), (2026, 1, 0), (2026, 1, 32), (2026, 4, 31), (2026, 2, 29), (2100, 2, 29),
        ] as [(Int64, Int, Int)]
    )
    func nonexistentDayIsRefused(_ year: Int64, _ month: Int, _ day: Int) {
        #expect(CivilDate(year: year, month: month, day: day) == nil)
    }

    @Test(
        arguments: [
            (0, "1970-01-01"), (-1, "1969-12-31"), (20_812, "2026-12-25"), (-719_162, "0001-01-01"),
            (-719_163, "0000-12-31"), (-719_529, "-0001-12-31"), (2_932_897, "10000-01-01"),
        ] as [(Int64, String)]
    )
    func textHasFourDigitYear(_ days: Int64, _ text: String) {
        #expect(CivilDate(daysSinceEpoch: days).text == text)
    }

    @Test(arguments: [
        "", "2026", "2026-1-1", "2026-02-30", "0000-01-01", "26-01-01", "2026-01-01T00:00:00Z", "2026-01-01 ",
        "2026/01/01", "２026-01-01",
    ])
    func invalidTextIsRefused(_ text: String) {
        #expect(CivilDate(text) == nil)
    }

    @Test func datesAreOrdered() {
        #expect(CivilDate(daysSinceEpoch: -1) < CivilDate(daysSinceEpoch: 0))
        #expect(!(CivilDate(daysSinceEpoch: 0) < CivilDate(daysSinceEpoch: 0)))
    }

    @Test(arguments: [(7, 2, 3), (-7, 2, -4), (-8, 2, -4), (0, 5, 0), (-1, 86_400, -1)] as [(Int64, Int64, Int64)])
    func floorDivisionRoundsDown(_ value: Int64, _ divisor: Int64, _ quotient: Int64) {
        #expect(value.floorDivided(by: divisor) == quotient)
    }
}
