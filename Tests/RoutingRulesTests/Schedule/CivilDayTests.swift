import Testing

@testable import RoutingRules

@Suite("The calendar")
struct CivilDayTests {
    @Test("Day by day through four centuries and both turns of the epoch")
    func dayByDay() {
        let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        var (year, month, day, weekday) = (Int64(1800), 1, 1, 3)
        let first = CivilDay(year: 1800, month: 1, day: 1).daysSinceEpoch
        var failures = 0
        for number in first..<(first + CivilDay.daysInCycle + 1000) {
            let date = CivilDay(daysSinceEpoch: number)
            if (date.year, date.month, date.day, date.dayOfWeek) != (year, month, day, weekday) {
                failures += 1
            }
            if CivilDay(year: year, month: month, day: day).daysSinceEpoch != number { failures += 1 }
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            day += 1
            weekday = (weekday + 1) % 7
            if day > lengths[month - 1] + (month == 2 && isLeap ? 1 : 0) { (month, day) = (month + 1, 1) }
            if month > 12 { (year, month) = (year + 1, 1) }
        }
        #expect(failures == 0)
        #expect(CivilDay(daysSinceEpoch: 0).dayOfWeek == 4)
    }
}
