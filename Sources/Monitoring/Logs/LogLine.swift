import CivilTime
import FoundationEssentials
import JSON

/// The format of log lines.
package enum LogFormat: String, Sendable, Hashable {
    /// One JSON object a line, for programs.
    case json
    /// Columns, for reading.
    case text
}

/// Builds one line of the log: time, level, message, then names with their values.
///
/// Writes bytes into a reused buffer, so that a line needs no allocation. Values may hold anything: characters that
/// would end a line or a string are escaped.
struct LogLine {
    private(set) var bytes: [UInt8] = []
    private let format: LogFormat

    init(_ format: LogFormat) { self.format = format }

    /// Begins a line.
    mutating func begin(time: Int64, level: StaticString, message: String) {
        switch format {
        case .json:
            raw(#"{"time":""#)
            RFC3339.append(time * 1000, decimals: 3, to: &bytes)
            raw(#"","level":""#)
            raw(level)
            raw(#"","message":"#)
            JSONWriter.append(message, to: &bytes)
        case .text:
            RFC3339.append(time * 1000, decimals: 3, to: &bytes)
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
            if line.format == .json { JSONWriter.appendContents(of: name, to: &line.bytes) } else { line.plain(name) }
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

    private mutating func startField(_ name: (inout LogLine) -> Void) {
        raw(format == .json ? #",""# : " ")
        name(&self)
        raw(format == .json ? #"":"# : "=")
    }

    private mutating func text(_ value: String) {
        if format == .json { return JSONWriter.append(value, to: &bytes) }
        let isPlain = !value.isEmpty && value.utf8.allSatisfy { $0 > 0x20 && $0 != 0x22 && $0 != 0x3D && $0 != 0x7F }
        if isPlain { bytes.append(contentsOf: value.utf8) } else { JSONWriter.append(value, to: &bytes) }
    }

    private mutating func raw(_ text: StaticString) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    /// The text on one line and without control characters, which could change the terminal.
    private mutating func plain(_ text: String) {
        for byte in text.utf8 { bytes.append(byte < 0x20 || byte == 0x7F ? 0x20 : byte) }
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
}
