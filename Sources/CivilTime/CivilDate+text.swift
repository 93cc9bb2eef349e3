extension CivilDate: CustomStringConvertible {
    /// Reads a date such as `2026-12-25`; nil for any other text, and for days that the calendar does not have.
    package init?(_ text: String) {
        guard let written = WrittenTime(text), written.microsecondOfDay == nil else { return nil }
        self = written.date
    }

    /// The date as RFC 3339 writes it, such as `2026-12-25`.
    ///
    /// Years before 0 have a sign, years after 9999 have more than four digits.
    package var text: String {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    package var description: String { text }

    func append(to bytes: inout [UInt8]) {
        if year < 0 { bytes.append(UInt8(ascii: "-")) }
        bytes.append(year.magnitude, digits: 4)
        bytes.append(UInt8(ascii: "-"))
        bytes.append(month.magnitude, digits: 2)
        bytes.append(UInt8(ascii: "-"))
        bytes.append(day.magnitude, digits: 2)
    }
}

extension [UInt8] {
    /// Appends a number in decimal digits, filled up with zeros.
    mutating func append(_ number: some UnsignedInteger & FixedWidthInteger, digits: Int) {
        let start = count
        var rest = UInt64(number)
        repeat {
            append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        } while rest > 0 || count - start < digits
        self[start...].reverse()
    }
}
