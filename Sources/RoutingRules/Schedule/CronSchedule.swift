import CivilTime

/// Times by the minute, as cron writes them: five fields, in UTC.
///
/// Minute, hour, day of the month, month and day of the week; each `*`, a value, a range, a list of these, with steps
/// after `*` and ranges; months and days of the week by name, too; 7 is Sunday like 0. When both days are restricted, a
/// day that meets either will do, as in Vixie's cron: a field that begins with `*` is no restriction in this sense.
package struct CronSchedule: Sendable, Hashable, CustomStringConvertible {
    /// The schedule as it was written.
    package let text: String
    private let minutes: CronField
    private let hours: CronField
    private let daysOfMonth: CronField
    private let months: CronField
    private let daysOfWeek: CronField

    package var description: String { text }

    /// Seconds since 1970 that everything here can be computed with: about 30 million years either way.
    private static let supportedSeconds: Range<Int64> = -1_000_000_000_000_000..<1_000_000_000_000_000

    /// Reads a schedule.
    ///
    /// - Throws: ``CronScheduleError`` naming the field; also for a schedule that never comes, such as 30 February.
    package init(_ text: String) throws(CronScheduleError) {
        let parts = text.split(whereSeparator: { $0 == " " || $0 == "\t" })
        guard parts.count == 5 else {
            throw CronScheduleError(
                "has \(parts.count) fields instead of five: minute, hour, day of month, month, day of week"
            )
        }
        self.text = parts.joined(separator: " ")
        minutes = try CronField(parts[0], .minute)
        hours = try CronField(parts[1], .hour)
        daysOfMonth = try CronField(parts[2], .dayOfMonth)
        months = try CronField(parts[3], .month)
        daysOfWeek = try CronField(parts[4], .dayOfWeek)
        guard next(after: 0) != nil else { throw CronScheduleError("never comes") }
    }

    /// The first time of the schedule that is later than a time, both in seconds since 1970.
    ///
    /// - Returns: nil only for times so far out that nothing can be computed with them.
    package func next(after epochSeconds: Int64) -> Int64? {
        guard Self.supportedSeconds.contains(epochSeconds) else { return nil }
        let (firstDay, minute) = Self.split(minutesSinceEpoch: epochSeconds.floorDivided(by: 60) + 1)
        var earliest = minute
        var day = CivilDate(daysSinceEpoch: firstDay)
        let end = firstDay + CivilDate.daysInCycle
        while day.daysSinceEpoch <= end {
            guard months.contains(day.month) else {
                day = day.firstOfNextMonth
                earliest = 0
                continue
            }
            if matches(day), let found = firstMinute(from: earliest) {
                return (day.daysSinceEpoch * 1440 + Int64(found)) * 60
            }
            day = CivilDate(daysSinceEpoch: day.daysSinceEpoch + 1)
            earliest = 0
        }
        return nil
    }

    /// The last time of the schedule that is not later than a time, both in seconds since 1970.
    ///
    /// - Returns: nil only for times so far out that nothing can be computed with them.
    package func previous(atOrBefore epochSeconds: Int64) -> Int64? {
        guard Self.supportedSeconds.contains(epochSeconds) else { return nil }
        let (lastDay, minute) = Self.split(minutesSinceEpoch: epochSeconds.floorDivided(by: 60))
        var latest = minute
        var day = CivilDate(daysSinceEpoch: lastDay)
        let end = lastDay - CivilDate.daysInCycle
        while day.daysSinceEpoch >= end {
            guard months.contains(day.month) else {
                day = day.lastOfPreviousMonth
                latest = 1439
                continue
            }
            if matches(day), let found = lastMinute(upTo: latest) {
                return (day.daysSinceEpoch * 1440 + Int64(found)) * 60
            }
            day = CivilDate(daysSinceEpoch: day.daysSinceEpoch - 1)
            latest = 1439
        }
        return nil
    }

    private static func split(minutesSinceEpoch minutes: Int64) -> (day: Int64, minuteOfDay: Int) {
        let day = minutes.floorDivided(by: 1440)
        return (day, Int(minutes - day * 1440))
    }

    private func matches(_ day: CivilDate) -> Bool {
        guard months.contains(day.month) else { return false }
        let byMonth = daysOfMonth.contains(day.day)
        let byWeek = daysOfWeek.contains(day.dayOfWeek)
        return daysOfMonth.beginsWithStar || daysOfWeek.beginsWithStar
            ? byMonth && byWeek : byMonth || byWeek
    }

    private func firstMinute(from minute: Int) -> Int? {
        var hour = minute / 60
        if hours.contains(hour), let found = minutes.first(from: minute % 60) {
            return hour * 60 + found
        }
        hour += 1
        guard let nextHour = hours.first(from: hour), let found = minutes.first(from: 0) else {
            return nil
        }
        return nextHour * 60 + found
    }

    private func lastMinute(upTo minute: Int) -> Int? {
        let hour = minute / 60
        if hours.contains(hour), let found = minutes.last(upTo: minute % 60) {
            return hour * 60 + found
        }
        guard let previousHour = hours.last(upTo: hour - 1), let found = minutes.last(upTo: 59) else {
            return nil
        }
        return previousHour * 60 + found
    }
}

/// A text that is no schedule.
package struct CronScheduleError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong with it: the rest of a sentence that begins with the schedule.
    package let message: String

    init(_ message: String) { self.message = message }

    package var description: String { "The schedule \(message)." }
}

extension CivilDate {
    /// The first day of the month after this date's.
    fileprivate var firstOfNextMonth: CivilDate {
        CivilDate(daysSinceEpoch: daysSinceEpoch + Int64(daysInMonth - day + 1))
    }

    /// The last day of the month before this date's.
    fileprivate var lastOfPreviousMonth: CivilDate { CivilDate(daysSinceEpoch: daysSinceEpoch - Int64(day)) }
}
