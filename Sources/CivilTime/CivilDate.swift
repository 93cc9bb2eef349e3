/// A day of the Gregorian calendar, which is continued back before its introduction.
///
/// The conversions are Howard Hinnant's `days_from_civil` and `civil_from_days`: integer arithmetic, no calendar library.
/// They hold for every day whose microseconds since 1970 fit into 64 bits.
package struct CivilDate: Sendable, Hashable, Comparable {
    /// Days since 1 January 1970; negative before.
    package let daysSinceEpoch: Int64
    /// The year; 0 is the year before 1.
    package let year: Int64
    /// The month, from 1.
    package let month: Int
    /// The day of the month, from 1.
    package let day: Int

    /// The number of days after which the calendar repeats, days of the week included: 400 years.
    package static let daysInCycle: Int64 = 146_097

    /// The date of a day number.
    package init(daysSinceEpoch: Int64) {
        self.daysSinceEpoch = daysSinceEpoch
        // Years are counted from 1 March here, so that the leap day is the last day of its year.
        let shifted = daysSinceEpoch + 719_468
        let era = shifted.floorDivided(by: Self.daysInCycle)
        let dayOfEra = shifted - era * Self.daysInCycle
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = Int(dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
        month = Int(shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9)
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// The date of a year, month and day; nil if the calendar has no such day.
    package init?(year: Int64, month: Int, day: Int) {
        guard (1...12).contains(month), (1...Self.days(inMonth: month, of: year)).contains(day) else { return nil }
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = shiftedYear.floorDivided(by: 400)
        let yearOfEra = shiftedYear - era * 400
        let shiftedMonth = Int64(month > 2 ? month - 3 : month + 9)
        let dayOfYear = (153 * shiftedMonth + 2) / 5 + Int64(day) - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        daysSinceEpoch = era * Self.daysInCycle + dayOfEra - 719_468
        self.year = year
        self.month = month
        self.day = day
    }

    package static func < (left: CivilDate, right: CivilDate) -> Bool { left.daysSinceEpoch < right.daysSinceEpoch }

    /// The day of the week; 0 is Sunday.
    package var dayOfWeek: Int {
        let weekday = (daysSinceEpoch + 4) % 7
        return Int(weekday < 0 ? weekday + 7 : weekday)
    }

    private static func days(inMonth month: Int, of year: Int64) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

extension Int64 {
    /// The quotient, rounded towards minus infinity.
    package func floorDivided(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
