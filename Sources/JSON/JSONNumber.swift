/// Numbers as JSON writes them.
package enum JSONNumber {
    /// Where the number that begins at a place ends.
    static func end(in bytes: Span<UInt8>, from start: Int) throws(JSONFault) -> Int {
        var position = start
        if position < bytes.count, bytes[position] == UInt8(ascii: "-") { position += 1 }
        if position < bytes.count, bytes[position] == UInt8(ascii: "0") {
            position += 1
        } else {
            position = try digits(in: bytes, from: position)
        }
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            position = try digits(in: bytes, from: position + 1)
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if position < bytes.count, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-") {
                position += 1
            }
            position = try digits(in: bytes, from: position)
        }
        if position < bytes.count, UInt8(ascii: "0")...UInt8(ascii: "9") ~= bytes[position] {
            throw JSONFault("a number cannot begin with a zero", at: start)
        }
        return position
    }

    private static func digits(in bytes: Span<UInt8>, from start: Int) throws(JSONFault) -> Int {
        var position = start
        while position < bytes.count, UInt8(ascii: "0")...UInt8(ascii: "9") ~= bytes[position] { position += 1 }
        guard position > start else { throw JSONFault("a digit is expected here", at: position) }
        return position
    }

    /// Whether the whole text is one number.
    package static func isNumber(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let end = try? end(in: bytes.span, from: 0) else { return false }
        return end == bytes.count
    }

    /// Whether the whole text is one number.
    package static func isNumber(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { isNumber($0) }
    }

    /// A number as text: no `.0` behind a whole one below 10¹⁵, otherwise the shortest text that reads back the same.
    package static func text(_ value: Double) -> String {
        if value == value.rounded(), abs(value) < 1e15 { return String(Int64(value)) }
        return value.description
    }

    /// Whether a number is in plain notation already: no exponent, and no zero at the end of its decimals.
    package static func isCanonical(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        var hasPoint = false
        for byte in bytes {
            if byte == UInt8(ascii: ".") { hasPoint = true }
            if byte | 0x20 == UInt8(ascii: "e") { return false }
        }
        return !hasPoint || bytes.last != UInt8(ascii: "0")
    }

    /// The number in plain notation: `1e2` as `100`, `1.50` as `1.5`.
    ///
    /// A number that is in plain notation keeps all of its digits, one that is not those of a `Double`; one that no
    /// `Double` holds stays as it is.
    package static func canonical(_ text: String) -> String {
        var text = text
        let isPlain = text.withUTF8 { isCanonical($0) || $0.count > 400 }
        guard !isPlain, let value = Double(text), value.isFinite else { return text }
        return Self.text(value)
    }
}
