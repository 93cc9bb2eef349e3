/// Instants as RFC 3339 text in UTC, such as `2026-01-31T09:30:00.000001Z`.
///
/// An instant is a number of microseconds since 1970, as PostgreSQL counts.
package enum RFC3339 {
    /// Microseconds in a day of 24 hours.
    package static let microsecondsPerDay: Int64 = 86_400_000_000

    /// The text of an instant, with six decimals.
    ///
    /// Texts of the years 0 to 9999 sort as the instants do; years outside are written with their sign or more digits.
    package static func text(_ microseconds: Int64) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(27)
        append(microseconds, decimals: 6, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends the text of an instant.
    ///
    /// - Parameters:
    ///   - microseconds: the instant.
    ///   - decimals: how many decimals of a second are written, 0 to 6; those beyond are cut off.
    ///   - bytes: what the text is appended to.
    package static func append(_ microseconds: Int64, decimals: Int, to bytes: inout [UInt8]) {
        let days = microseconds.floorDivided(by: microsecondsPerDay)
        // The product may overflow at the ends of the range; the difference is still correct.
        let rest = microseconds &- days &* microsecondsPerDay
        CivilDate(daysSinceEpoch: days).append(to: &bytes)
        bytes.append(UInt8(ascii: "T"))
        appendTimeOfDay(seconds: rest / 1_000_000, to: &bytes)
        if decimals > 0 {
            bytes.append(UInt8(ascii: "."))
            var fraction = rest % 1_000_000
            for _ in decimals..<6 { fraction /= 10 }
            bytes.append(fraction.magnitude, digits: decimals)
        }
        bytes.append(UInt8(ascii: "Z"))
    }

    /// Reads a date and a time with seconds, and `Z` or an offset; nil for anything else.
    package static func microseconds(of text: String) -> Int64? {
        guard let written = WrittenTime(text), written.hasSeconds, written.offset != nil else { return nil }
        return written.microsecondsSinceEpoch
    }

    /// Reads an instant, or a date alone, which is its midnight in UTC; nil for anything else.
    package static func microseconds(ofInstantOrDate text: String) -> Int64? {
        guard let written = WrittenTime(text) else { return nil }
        let isDate = written.microsecondOfDay == nil
        return isDate || written.hasSeconds && written.offset != nil ? written.microsecondsSinceEpoch : nil
    }

    static func appendTimeOfDay(seconds: Int64, to bytes: inout [UInt8]) {
        bytes.append((seconds / 3600).magnitude, digits: 2)
        bytes.append(UInt8(ascii: ":"))
        bytes.append((seconds / 60 % 60).magnitude, digits: 2)
        bytes.append(UInt8(ascii: ":"))
        bytes.append((seconds % 60).magnitude, digits: 2)
    }
}
