/// A date, or a date and a time of day, as RFC 3339 and ISO 8601 write them.
///
/// The one reader of such texts: `2026-05-01`, `2026-05-01T12:30`, `2026-05-01 14:30:00.25+02:00`. The seconds, the
/// decimals and the offset may be missing; what a caller requires beyond that, it checks. Years 1 to 9999.
package struct WrittenTime: Sendable, Hashable {
    /// The date.
    package let date: CivilDate
    /// Microseconds since midnight; nil for a date alone.
    ///
    /// Decimals beyond microseconds are cut off.
    package let microsecondOfDay: Int64?
    /// Whether the time of day has seconds.
    package let hasSeconds: Bool
    /// Seconds east of UTC; nil if the text does not say.
    package let offset: Int64?

    /// Microseconds since 1970: a date alone is its midnight, and without an offset the time is in UTC.
    package var microsecondsSinceEpoch: Int64 {
        date.daysSinceEpoch * RFC3339.microsecondsPerDay + (microsecondOfDay ?? 0) - (offset ?? 0) * 1_000_000
    }

    /// Reads a text; nil for anything else.
    package init?(_ text: String) {
        var text = text
        guard let written = text.withUTF8({ WrittenTime($0) }) else { return nil }
        self = written
    }

    /// Reads a text in UTF-8; nil for anything else, and for days that the calendar does not have.
    ///
    /// A leap second, `:60`, counts as the second after it.
    package init?(_ bytes: UnsafeBufferPointer<UInt8>) {
        var reader = DigitReader(bytes: bytes)
        guard let year = reader.number(4), reader.take("-"), let month = reader.number(2), reader.take("-"),
            let day = reader.number(2), year >= 1,
            let date = CivilDate(year: year, month: Int(month), day: Int(day))
        else { return nil }
        self.date = date
        guard !reader.isAtEnd else {
            (microsecondOfDay, hasSeconds, offset) = (nil, false, nil)
            return
        }
        guard reader.take("T") || reader.take("t") || reader.take(" "), let hour = reader.number(2), reader.take(":"),
            let minute = reader.number(2), hour < 24, minute < 60
        else { return nil }
        var time = (hour * 60 + minute) * 60_000_000
        hasSeconds = reader.take(":")
        if hasSeconds {
            guard let second = reader.number(2), second <= 60 else { return nil }
            time += second * 1_000_000
            if reader.take(".") {
                guard let fraction = reader.fraction() else { return nil }
                time += fraction
            }
        }
        microsecondOfDay = time
        guard !reader.isAtEnd else {
            offset = nil
            return
        }
        guard let offset = reader.offset(), reader.isAtEnd else { return nil }
        self.offset = offset
    }
}

/// Takes digits and signs from the beginning of a text.
private struct DigitReader {
    let bytes: UnsafeBufferPointer<UInt8>
    var position = 0

    var isAtEnd: Bool { position == bytes.count }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    mutating func digit() -> Int64? {
        guard position < bytes.count, UInt8(ascii: "0")...UInt8(ascii: "9") ~= bytes[position] else { return nil }
        position += 1
        return Int64(bytes[position - 1] - UInt8(ascii: "0"))
    }

    /// A number of exactly so many digits.
    mutating func number(_ digits: Int) -> Int64? {
        var value: Int64 = 0
        for _ in 0..<digits {
            guard let digit = digit() else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    /// Decimals of a second, in microseconds; at least one digit.
    mutating func fraction() -> Int64? {
        var scale: Int64 = 100_000
        guard let first = digit() else { return nil }
        var value = first * scale
        while let next = digit() {
            scale /= 10
            value += next * scale
        }
        return value
    }

    /// `Z`, or hours and, if given, minutes behind a sign; in seconds east of UTC.
    mutating func offset() -> Int64? {
        if take("Z") || take("z") { return 0 }
        let sign: Int64
        if take("+") { sign = 1 } else if take("-") { sign = -1 } else { return nil }
        guard let hours = number(2), hours < 24 else { return nil }
        if isAtEnd { return sign * hours * 3600 }
        _ = take(":")
        guard let minutes = number(2), minutes < 60 else { return nil }
        return sign * (hours * 3600 + minutes * 60)
    }
}
