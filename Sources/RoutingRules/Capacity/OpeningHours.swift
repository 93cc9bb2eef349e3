import CivilTime
import JSON

/// When a workspace takes leads: ranges of its local time for each day of the week, and days on which it is closed.
package struct OpeningHours: Sendable, Hashable {
    /// A range of a day, in minutes since midnight; the end is exclusive and may be 24:00.
    package struct Range: Sendable, Hashable {
        /// The first minute.
        package var start: Int
        /// The minute after the last.
        package var end: Int
    }

    /// The ranges of each day, from Sunday; no ranges mean closed all day.
    package var days: [[Range]]
    /// Days on which it is closed, as days since 1 January 1970.
    package var holidays: Set<Int64>

    static let dayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]

    /// Whether it is open at a local time.
    package func isOpen(at time: LocalTime) -> Bool {
        guard !holidays.contains(time.day) else { return false }
        return days[time.dayOfWeek].contains { $0.start <= time.minute && time.minute < $0.end }
    }

    /// The first local time, not before a given one, at which it is open; nil if that is not within 400 days.
    package func opening(from time: LocalTime) -> LocalTime? {
        for offset in 0...400 {
            let day = LocalTime(minutesSinceEpoch: (time.day + Int64(offset)) * 1440)
            guard !holidays.contains(day.day) else { continue }
            let earliest = offset == 0 ? time.minute : 0
            let starts = days[day.dayOfWeek].filter { $0.end > earliest }.map { max($0.start, earliest) }
            if let start = starts.min() { return LocalTime(minutesSinceEpoch: day.day * 1440 + Int64(start)) }
        }
        return nil
    }

    static func read(_ reader: inout ObjectReader) -> OpeningHours? {
        let days = reader.object("hours", names: dayNames) { reader in
            dayNames.map { ranges(of: $0, &reader) }
        }
        var holidays: Set<Int64> = []
        for (index, entry) in reader.list("holidays", atMost: 1000).enumerated() {
            guard case .string(let text) = entry.value, let day = CivilDate(text) else {
                reader.note("holidays", "Entry \(index) is not a date.", "Write dates as 2026-12-25.")
                continue
            }
            holidays.insert(day.daysSinceEpoch)
        }
        guard days != nil || !holidays.isEmpty else { return nil }
        let always = [[Range]](repeating: [Range(start: 0, end: 1440)], count: 7)
        return OpeningHours(days: days ?? always, holidays: holidays)
    }

    private static func ranges(of day: String, _ reader: inout ObjectReader) -> [Range] {
        reader.list(day, atMost: 10)
            .compactMap { _, value in
                if case .array(let ends) = value, ends.count == 2, let start = minute(ends[0]),
                    let end = minute(ends[1]), start < end
                {
                    return Range(start: start, end: end)
                }
                reader.note(
                    day,
                    "A range is two times of one day, the earlier first.",
                    #"Write it as ["09:00","17:30"]; 24:00 ends a day, and a night is two ranges."#
                )
                return nil
            }
    }

    private static func minute(_ value: JSONValue) -> Int? {
        guard case .string(let text) = value else { return nil }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.utf8.count == 2 }), let hour = Int(parts[0]),
            let minute = Int(parts[1]), (0...24).contains(hour), (0..<60).contains(minute),
            hour < 24 || minute == 0
        else { return nil }
        return hour * 60 + minute
    }

    /// The members `hours` and `holidays` of a workspace's capacity settings.
    var settings: [JSONValue.Member] {
        let hours = zip(Self.dayNames, days).filter { !$1.isEmpty }
            .map { name, ranges in
                JSONValue.Member(
                    name,
                    .array(ranges.map { [.string(Self.text($0.start)), .string(Self.text($0.end))] })
                )
            }
        var members = [JSONValue.Member("hours", .object(hours))]
        if !holidays.isEmpty {
            members.append(
                .init("holidays", .array(holidays.sorted().map { .string(CivilDate(daysSinceEpoch: $0).text) }))
            )
        }
        return members
    }

    private static func text(_ minute: Int) -> String { twoDigits(minute / 60) + ":" + twoDigits(minute % 60) }
}

/// A workspace's local date and time.
package struct LocalTime: Sendable, Hashable {
    /// Minutes since midnight of 1 January 1970, ignoring changes of the clock.
    package let minutesSinceEpoch: Int64

    /// A local time.
    package init(minutesSinceEpoch: Int64) { self.minutesSinceEpoch = minutesSinceEpoch }

    /// Days since 1 January 1970.
    package var day: Int64 { minutesSinceEpoch.floorDivided(by: 1440) }
    /// Minutes since midnight.
    package var minute: Int { Int(minutesSinceEpoch - day * 1440) }
    /// The day of the week; 0 is Sunday.
    var dayOfWeek: Int { CivilDate(daysSinceEpoch: day).dayOfWeek }
    /// The text, such as `2026-12-25T09:00`.
    package var text: String {
        CivilDate(daysSinceEpoch: day).text + "T" + twoDigits(minute / 60) + ":" + twoDigits(minute % 60)
    }
}

private func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
