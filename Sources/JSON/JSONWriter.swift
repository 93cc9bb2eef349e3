/// Writes JSON into bytes, key by key, without building a tree.
///
/// It sets the commas. The caller keeps objects and arrays balanced, which the closures do.
///
/// The generic methods are public, not `package`: the compiler specialises only those in other modules, and an answer
/// with a batch of leads takes 40 % longer without.
public struct JSONWriter: Sendable {
    /// What is written so far, in UTF-8.
    package private(set) var bytes: [UInt8] = []
    private var needsComma = false

    /// A writer with capacity for a text of the usual size.
    package init(capacity: Int = 512) { bytes.reserveCapacity(capacity) }

    /// What the closure writes, as text.
    package static func text(capacity: Int = 512, _ value: (inout JSONWriter) -> Void) -> String {
        String(decoding: Self.bytes(capacity: capacity, value), as: UTF8.self)
    }

    /// What the closure writes, in UTF-8.
    package static func bytes(capacity: Int = 512, _ value: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter(capacity: capacity)
        value(&writer)
        return writer.bytes
    }

    /// Writes what the closure writes as a line of its own.
    package mutating func line(_ value: (inout JSONWriter) -> Void) {
        needsComma = false
        value(&self)
        bytes.append(0x0A)
        needsComma = false
    }

    /// Writes an object whose members the closure writes.
    package mutating func object(_ members: (inout JSONWriter) -> Void) {
        open(UInt8(ascii: "{"))
        members(&self)
        close(UInt8(ascii: "}"))
    }

    /// Writes an array of the elements, each written by the closure.
    @inlinable
    public mutating func array<Elements: Sequence>(
        _ elements: Elements,
        _ write: (inout JSONWriter, Elements.Element) -> Void
    ) {
        open(UInt8(ascii: "["))
        for element in elements { write(&self, element) }
        close(UInt8(ascii: "]"))
    }

    /// Writes a key; a value has to follow.
    @usableFromInline
    package mutating func key(_ name: StaticString) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        name.withUTF8Buffer { bytes.append(contentsOf: $0) }
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// Writes a key that is not known beforehand; a value has to follow.
    package mutating func key(named name: String) {
        separate()
        Self.append(name, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// Writes a string.
    package mutating func string(_ value: String) {
        separate()
        Self.append(value, to: &bytes)
    }

    /// Writes text that is JSON already.
    @usableFromInline
    package mutating func raw(_ json: String) {
        separate()
        bytes.append(contentsOf: json.utf8)
    }

    /// Writes `null`.
    @usableFromInline
    package mutating func null() { raw("null") }

    /// Writes a value.
    package mutating func value(_ value: JSONValue) {
        switch value {
        case .null: null()
        case .bool(let value): raw(value ? "true" : "false")
        case .number(let text): raw(text)
        case .string(let text): string(text)
        case .array(let elements): array(elements) { $0.value($1) }
        case .object(let members):
            object { writer in
                for member in members {
                    writer.key(named: member.key)
                    writer.value(member.value)
                }
            }
        }
    }

    @usableFromInline
    mutating func open(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        needsComma = false
    }

    @usableFromInline
    mutating func close(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }
}

// MARK: - Escapes

extension JSONWriter {
    /// Appends a text as a string of JSON, in double quotes.
    package static func append(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        appendContents(of: text, to: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    /// Appends a text as it stands between the quotation marks of a string.
    ///
    /// Escaped is what JSON demands, and DEL, which a terminal would act on.
    package static func appendContents(of text: String, to bytes: inout [UInt8]) {
        var text = text
        text.withUTF8 { utf8 in
            // Most texts need no escape and are appended in one piece.
            if utf8.allSatisfy({ !needsEscape($0) }) {
                bytes.append(contentsOf: utf8)
            } else {
                for byte in utf8 { appendEscaped(byte, to: &bytes) }
            }
        }
    }

    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte == 0x7F
    }

    private static func appendEscaped(_ byte: UInt8, to bytes: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            bytes.append(UInt8(ascii: "\\"))
            bytes.append(byte)
        case 0x0A: bytes += #"\n"#.utf8
        case 0x0D: bytes += #"\r"#.utf8
        case 0x09: bytes += #"\t"#.utf8
        case 0..<0x20, 0x7F:
            bytes += #"\u00"#.utf8
            for digit in [byte >> 4, byte & 15] { bytes.append(digit < 10 ? 0x30 + digit : 0x57 + digit) }
        default: bytes.append(byte)
        }
    }
}
