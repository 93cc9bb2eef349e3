import FoundationEssentials
import Hummingbird
import NIOCore
import RoutingRules

/// Prints JSON into bytes, key by key; no tree, no reflection.
///
/// Commas are its own affair. Whoever writes keeps objects and arrays balanced, which the closures do.
struct JSONWriter {
    /// What is printed so far.
    private(set) var bytes: [UInt8] = []
    private var needsComma = false

    /// A writer with room for an answer of the usual size.
    init(capacity: Int = 512) { bytes.reserveCapacity(capacity) }

    /// What is printed, ready to be sent.
    var buffer: ByteBuffer { ByteBuffer(bytes: bytes) }

    /// Prints what the closure prints as a line of its own.
    mutating func line(_ value: (inout JSONWriter) -> Void) {
        needsComma = false
        value(&self)
        bytes.append(0x0A)
        needsComma = false
    }

    /// Prints an object whose members the closure prints.
    mutating func object(_ members: (inout JSONWriter) -> Void) {
        separate()
        bytes.append(UInt8(ascii: "{"))
        needsComma = false
        members(&self)
        bytes.append(UInt8(ascii: "}"))
        needsComma = true
    }

    /// Prints an array of the elements, each printed by the closure.
    mutating func array<Elements: Sequence>(
        _ elements: Elements,
        _ print: (inout JSONWriter, Elements.Element) -> Void
    ) {
        separate()
        bytes.append(UInt8(ascii: "["))
        needsComma = false
        for element in elements { print(&self, element) }
        bytes.append(UInt8(ascii: "]"))
        needsComma = true
    }

    /// Prints a key; a value has to follow.
    mutating func key(_ name: StaticString) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        name.withUTF8Buffer { bytes.append(contentsOf: $0) }
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// Prints a string.
    mutating func string(_ value: String) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        var value = value
        value.withUTF8 { text in
            // Nearly every text goes out as it is, in one piece.
            if text.allSatisfy({ !Self.needsEscape($0) }) {
                bytes.append(contentsOf: text)
            } else {
                for byte in text { appendEscaped(byte) }
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte == 0x7F
    }

    private mutating func appendEscaped(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            bytes.append(UInt8(ascii: "\\"))
            bytes.append(byte)
        case 0x0A: bytes.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "n")])
        case 0x0D: bytes.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "r")])
        case 0x09: bytes.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "t")])
        case 0..<0x20, 0x7F:
            let digits = String(byte, radix: 16)
            bytes.append(contentsOf: "\\u00\(digits.utf8.count == 1 ? "0" : "")\(digits)".utf8)
        default: bytes.append(byte)
        }
    }

    /// Prints text that is JSON already.
    mutating func raw(_ json: String) {
        separate()
        bytes.append(contentsOf: json.utf8)
    }

    /// Prints `null`.
    mutating func null() { raw("null") }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }
}

// MARK: - Members

extension JSONWriter {
    /// Prints a key with a string, or with null.
    mutating func member(_ name: StaticString, _ value: String?) {
        key(name)
        if let value { string(value) } else { null() }
    }

    /// Prints a key with an id in lower case, or with null.
    mutating func member(_ name: StaticString, _ value: UUID?) {
        key(name)
        if let value { string(value.text) } else { null() }
    }

    /// Prints a key with `true` or `false`.
    mutating func member(_ name: StaticString, _ value: Bool) {
        key(name)
        raw(value ? "true" : "false")
    }

    /// Prints a key with a whole number, or with null.
    mutating func member(_ name: StaticString, _ value: (some BinaryInteger)?) {
        key(name)
        if let value { raw(String(value)) } else { null() }
    }

    /// Prints a key with a number, or with null; null as well for what JSON cannot say.
    mutating func member(_ name: StaticString, _ value: Double?) {
        key(name)
        if let value, value.isFinite { raw("\(value)") } else { null() }
    }

    /// Prints a key with a list of strings.
    mutating func member(_ name: StaticString, _ values: [String]) {
        key(name)
        array(values) { $0.string($1) }
    }

    /// Prints a key with a time, or with null: RFC 3339, microseconds, UTC.
    mutating func member(_ name: StaticString, time microseconds: Int64?) {
        key(name)
        if let microseconds { string(TimeText.print(microseconds)) } else { null() }
    }
}
