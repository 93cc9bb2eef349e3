extension Timestamp: CustomStringConvertible {
    /// RFC 3339 in UTC with six decimals, such as `2026-01-31T09:30:00.000000Z`.
    ///
    /// Texts of the years 0 to 9999 sort as the times do; years outside are written with their sign or more digits.
    package var rfc3339: String {
        let day: Int64 = 86_400_000_000
        let days = microsecondsSinceUnixEpoch.dividedDown(by: day)
        // The product may wrap at the ends of the range; the difference is right all the same.
        let rest = microsecondsSinceUnixEpoch &- days &* day
        let date = CivilDate(daysSinceUnixEpoch: days)
        let seconds = rest / 1_000_000
        var text = ""
        text.reserveCapacity(27)
        if date.year < 0 { text += "-" }
        text.append(date.year.magnitude, digits: 4)
        text += "-"
        text.append(UInt64(date.month), digits: 2)
        text += "-"
        text.append(UInt64(date.day), digits: 2)
        text += "T"
        text.append(UInt64(seconds / 3600), digits: 2)
        text += ":"
        text.append(UInt64(seconds / 60 % 60), digits: 2)
        text += ":"
        text.append(UInt64(seconds % 60), digits: 2)
        text += "."
        text.append(UInt64(rest % 1_000_000), digits: 6)
        text += "Z"
        return text
    }

    /// The RFC 3339 text.
    package var description: String { rfc3339 }

    /// Reads RFC 3339: a date, `T` or a space, a time, decimals if any, and `Z` or an offset.
    ///
    /// Decimals beyond microseconds are cut off. A leap second counts as the second after it. Nil for anything else,
    /// including days that no calendar has.
    package init?(rfc3339 text: String) {
        var reader = DigitReader(text: Array(text.utf8))
        guard let year = reader.number(digits: 4), reader.skip("-"),
            let month = reader.number(digits: 2),
            reader.skip("-"), let day = reader.number(digits: 2),
            reader.skip("T") || reader.skip("t") || reader.skip(" "),
            let hour = reader.number(digits: 2), reader.skip(":"), let minute = reader.number(digits: 2),
            reader.skip(":"), let second = reader.number(digits: 2)
        else { return nil }
        var microseconds: Int64 = 0
        if reader.skip(".") {
            guard let fraction = reader.fraction() else { return nil }
            microseconds = fraction
        }
        guard let offset = reader.offset(), reader.isAtEnd,
            (1...12).contains(month), (1...CivilDate.days(inMonth: month, of: year)).contains(day),
            hour < 24, minute < 60, second <= 60
        else { return nil }
        let days = CivilDate(year: year, month: month, day: day).daysSinceUnixEpoch
        let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset
        self.init(microsecondsSinceUnixEpoch: seconds * 1_000_000 + microseconds)
    }
}

extension String {
    fileprivate mutating func append(_ number: UInt64, digits: Int) {
        let text = String(number)
        for _ in text.utf8.count..<max(digits, text.utf8.count) { self += "0" }
        self += text
    }
}

private struct DigitReader {
    let text: [UInt8]
    var position = 0

    var isAtEnd: Bool { position == text.count }

    init(text: [UInt8]) { self.text = text }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard position < text.count, text[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    mutating func digit() -> Int64? {
        guard position < text.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(text[position])
        else { return nil }
        position += 1
        return Int64(text[position - 1] - UInt8(ascii: "0"))
    }

    mutating func number(digits: Int) -> Int64? {
        var value: Int64 = 0
        for _ in 0..<digits {
            guard let digit = digit() else { return nil }
            value = value * 10 + digit
        }
        return value
    }

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

    /// Seconds east of UTC.
    mutating func offset() -> Int64? {
        if skip("Z") || skip("z") { return 0 }
        let sign: Int64
        if skip("+") { sign = 1 } else if skip("-") { sign = -1 } else { return nil }
        guard let hours = number(digits: 2), skip(":"), let minutes = number(digits: 2), hours < 24,
            minutes < 60
        else { return nil }
        return sign * (hours * 3600 + minutes * 60)
    }
}
