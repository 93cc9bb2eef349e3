/// Dates and instants in metadata: `2026-05-01`, `2026-05-01T12:30:00Z`, `2026-05-01 14:30:00.25+02:00`.
enum DateText {
    /// Microseconds since 1970 that the text means: a day of UTC as a range, an instant as a point; nil for neither.
    ///
    /// An instant without an offset is in UTC.
    static func extent(of bytes: UnsafeBufferPointer<UInt8>) -> Extent? {
        var position = 0
        func number(_ digits: Int) -> Int? {
            guard position + digits <= bytes.count else { return nil }
            var value = 0
            for _ in 0..<digits {
                guard (0x30...0x39).contains(bytes[position]) else { return nil }
                value = value * 10 + Int(bytes[position] - 0x30)
                position += 1
            }
            return value
        }
        func take(_ characters: StaticString) -> UInt8? {
            guard position < bytes.count else { return nil }
            for offset in 0..<characters.utf8CodeUnitCount where bytes[position] == characters.utf8Start[offset] {
                position += 1
                return characters.utf8Start[offset]
            }
            return nil
        }
        guard bytes.count >= 10, bytes.count <= 40, let year = number(4), take("-") != nil, let month = number(2),
            take("-") != nil, let day = number(2), year >= 1, (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        let civil = CivilDay(year: Int64(year), month: month, day: day)
        // The 31st of a month of thirty days is another day.
        guard CivilDay(daysSinceEpoch: civil.daysSinceEpoch).day == day else { return nil }
        let midnight = civil.daysSinceEpoch * 86_400_000_000
        if position == bytes.count { return Extent(Double(midnight), Double(midnight + 86_399_999_999)) }
        guard take("tT ") != nil, let hour = number(2), take(":") != nil, let minute = number(2), hour < 24, minute < 60
        else { return nil }
        var micros: Int64 = 0
        if take(":") != nil {
            guard let second = number(2), second <= 60 else { return nil }
            micros = Int64(second) * 1_000_000
            if take(".") != nil {
                var scale: Int64 = 100_000
                guard position < bytes.count, (0x30...0x39).contains(bytes[position]) else { return nil }
                while position < bytes.count, (0x30...0x39).contains(bytes[position]) {
                    micros += Int64(bytes[position] - 0x30) * scale
                    scale /= 10
                    position += 1
                }
            }
        }
        micros += Int64(hour * 60 + minute) * 60_000_000
        if let sign = take("+-zZ"), sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") {
            guard let hours = number(2), hours < 24 else { return nil }
            _ = take(":")
            var minutes = 0
            if position < bytes.count {
                guard let read = number(2), read < 60 else { return nil }
                minutes = read
            }
            let offset = Int64(hours * 60 + minutes) * 60_000_000
            micros += sign == UInt8(ascii: "+") ? -offset : offset
        }
        return position == bytes.count ? Extent(Double(midnight + micros)) : nil
    }

    /// The range of a text.
    static func extent(of text: String) -> Extent? {
        var text = String(CanonicalText.trimmed(text))
        return text.withUTF8(extent(of:))
    }
}
