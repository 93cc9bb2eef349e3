import FoundationEssentials

/// How lines of the log look.
package enum LogFormat: String, Sendable, Hashable {
    /// One JSON object a line, for programs.
    case json
    /// Columns, for people.
    case text
}

/// Puts one line of the log together: time, level, message, then names with their values.
///
/// Writes bytes into a buffer that grows with the lines, so that a line costs no allocation of its own. Values can hold
/// anything: what would end a line or a string early is escaped.
struct LogLine {
    private(set) var bytes: [UInt8] = []
    private let format: LogFormat

    init(_ format: LogFormat) { self.format = format }

    /// Begins a line.
    mutating func begin(time: Int64, level: StaticString, message: String) {
        switch format {
        case .json:
            raw(#"{"time":""#)
            stamp(time)
            raw(#"","level":""#)
            raw(level)
            raw(#"","message":"#)
            quoted(message)
        case .text:
            stamp(time)
            raw(" ")
            raw(level)
            for _ in level.utf8CodeUnitCount..<9 { bytes.append(0x20) }
            plain(message)
        }
    }

    /// A name and a text.
    mutating func field(_ name: StaticString, _ value: String) {
        startField { $0.raw(name) }
        text(value)
    }

    /// A name that is not known beforehand, and a text.
    mutating func field(named name: String, _ value: String) {
        startField { line in
            if line.format == .json { line.escaped(name) } else { line.plain(name) }
        }
        text(value)
    }

    /// A name and an id.
    mutating func field(_ name: StaticString, _ value: UUID) {
        startField { $0.raw(name) }
        if format == .json { bytes.append(0x22) }
        id(value)
        if format == .json { bytes.append(0x22) }
    }

    /// A name and a number.
    mutating func field(_ name: StaticString, _ value: Int64) {
        startField { $0.raw(name) }
        digits(value)
    }

    /// A name and a duration in milliseconds, with three decimals.
    mutating func field(_ name: StaticString, milliseconds value: Duration) {
        startField { $0.raw(name) }
        let micros = max(0, value.nanoseconds / 1000)
        digits(micros / 1000)
        raw(".")
        padded(micros % 1000, 3)
    }

    /// Ends the line.
    mutating func end() {
        if format == .json { bytes.append(UInt8(ascii: "}")) }
        bytes.append(UInt8(ascii: "\n"))
    }

    /// Forgets what was put together, and keeps the room for it.
    mutating func clear() { bytes.removeAll(keepingCapacity: true) }

    private mutating func startField(_ name: (inout LogLine) -> Void) {
        raw(format == .json ? #",""# : " ")
        name(&self)
        raw(format == .json ? #"":"# : "=")
    }

    private mutating func text(_ value: String) {
        if format == .json { return quoted(value) }
        let isPlain = !value.isEmpty && value.utf8.allSatisfy { $0 > 0x20 && $0 != 0x22 && $0 != 0x3D && $0 != 0x7F }
        if isPlain { bytes.append(contentsOf: value.utf8) } else { quoted(value) }
    }

    private mutating func raw(_ text: StaticString) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    private mutating func quoted(_ text: String) {
        bytes.append(0x22)
        escaped(text)
        bytes.append(0x22)
    }

    private mutating func escaped(_ text: String) {
        for byte in text.utf8 {
            switch byte {
            case 0x22: raw(#"\""#)
            case 0x5C: raw(#"\\"#)
            case 0x0A: raw(#"\n"#)
            case 0x0D: raw(#"\r"#)
            case 0x09: raw(#"\t"#)
            case 0..<0x20, 0x7F:
                raw(#"\u00"#)
                hexadecimal(byte)
            default: bytes.append(byte)
            }
        }
    }

    /// Text as it is, but on one line and without control characters, which could paint a terminal.
    private mutating func plain(_ text: String) {
        for byte in text.utf8 { bytes.append(byte < 0x20 || byte == 0x7F ? 0x20 : byte) }
    }

    private mutating func hexadecimal(_ byte: UInt8) {
        for digit in [byte >> 4, byte & 15] { bytes.append(digit < 10 ? 0x30 + digit : 0x57 + digit) }
    }

    private mutating func id(_ id: UUID) {
        withUnsafeBytes(of: id.uuid) { raw in
            for (index, byte) in raw.enumerated() {
                if index == 4 || index == 6 || index == 8 || index == 10 { bytes.append(UInt8(ascii: "-")) }
                let high = byte >> 4
                let low = byte & 15
                bytes.append(high < 10 ? 0x30 + high : 0x57 + high)
                bytes.append(low < 10 ? 0x30 + low : 0x57 + low)
            }
        }
    }

    private mutating func digits(_ value: Int64) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        var rest = value.magnitude
        let start = bytes.count
        repeat {
            bytes.append(0x30 + UInt8(rest % 10))
            rest /= 10
        } while rest > 0
        bytes[start...].reverse()
    }

    private mutating func padded(_ value: Int64, _ width: Int) {
        var divisor: Int64 = 1
        for _ in 1..<width { divisor *= 10 }
        while divisor > 0 {
            bytes.append(0x30 + UInt8(value / divisor % 10))
            divisor /= 10
        }
    }

    /// Milliseconds since 1970 as RFC 3339 in UTC.
    private mutating func stamp(_ time: Int64) {
        var days = time / 86_400_000
        var rest = time % 86_400_000
        if rest < 0 {
            rest += 86_400_000
            days -= 1
        }
        let (year, month, day) = Self.date(daysSince1970: days)
        padded(year, 4)
        raw("-")
        padded(month, 2)
        raw("-")
        padded(day, 2)
        raw("T")
        padded(rest / 3_600_000, 2)
        raw(":")
        padded(rest / 60_000 % 60, 2)
        raw(":")
        padded(rest / 1000 % 60, 2)
        raw(".")
        padded(rest % 1000, 3)
        raw("Z")
    }

    /// The civil date of a day number, by the 400-year cycle that begins in March.
    private static func date(daysSince1970 days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }
}
