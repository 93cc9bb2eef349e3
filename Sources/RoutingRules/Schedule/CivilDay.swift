/// A day of the Gregorian calendar, by its number since 1970 and by year, month and day.
///
/// The conversions are Howard Hinnant's (`days_from_civil`, `civil_from_days`): integers only, no calendar library.
struct CivilDay: Sendable, Hashable {
    /// Days since 1 January 1970.
    let daysSinceEpoch: Int64
    let year: Int64
    /// From 1.
    let month: Int
    /// From 1.
    let day: Int

    /// After how many days the calendar repeats, days of the week included: 400 years.
    static let daysInCycle: Int64 = 146_097
    /// Seconds since 1970 that everything here can be computed with: about 30 million years either way.
    static let supportedSeconds: Range<Int64> = -1_000_000_000_000_000..<1_000_000_000_000_000

    /// The day of this number.
    init(daysSinceEpoch: Int64) {
        self.daysSinceEpoch = daysSinceEpoch
        // Years begin on 1 March here, so that the leap day is the last of its year.
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

    /// The day of this date.
    init(year: Int64, month: Int, day: Int) {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = shiftedYear.floorDivided(by: 400)
        let yearOfEra = shiftedYear - era * 400
        let shiftedMonth = Int64(month > 2 ? month - 3 : month + 9)
        let dayOfYear = (153 * shiftedMonth + 2) / 5 + Int64(day) - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        self.daysSinceEpoch = era * Self.daysInCycle + dayOfEra - 719_468
        self.year = year
        self.month = month
        self.day = day
    }

    /// 0 is Sunday.
    var dayOfWeek: Int {
        let weekday = (daysSinceEpoch + 4) % 7
        return Int(weekday < 0 ? weekday + 7 : weekday)
    }

    /// The first day of the month after this day's.
    var firstOfNextMonth: CivilDay {
        month == 12
            ? CivilDay(year: year + 1, month: 1, day: 1) : CivilDay(year: year, month: month + 1, day: 1)
    }

    /// The last day of the month before this day's.
    var lastOfPreviousMonth: CivilDay {
        CivilDay(daysSinceEpoch: CivilDay(year: year, month: month, day: 1).daysSinceEpoch - 1)
    }
}
