/// Numbers in conditions and in metadata.
enum ConditionNumber {
    /// A number of text in plain decimal notation, of at most fifteen digits, so that it is exact and told apart.
    ///
    /// Leading zeros make a text: `02134` is a postal code, not a number.
    static func plain(_ bytes: UnsafeBufferPointer<UInt8>) -> Double? {
        guard let first = bytes.first, first == UInt8(ascii: "-") || (0x30...0x39).contains(first),
            bytes.count <= 17, JSONNumber.end(in: bytes, from: 0) == bytes.count
        else { return nil }
        var digits = 0
        for byte in bytes {
            if (0x30...0x39).contains(byte) {
                digits += 1
            } else if byte != UInt8(ascii: "-"), byte != UInt8(ascii: ".") {
                return nil
            }
        }
        guard digits <= 15 else { return nil }
        return Double(String(decoding: bytes, as: UTF8.self))
    }

    /// The number as people write it: no `.0` behind a whole one.
    static func text(_ value: Double) -> String {
        if value == value.rounded(), abs(value) < 1e15 { return String(Int64(value)) }
        return value.description
    }
}

extension ConditionNumber {
    /// A number in any notation of JSON.
    static func any(_ bytes: UnsafeBufferPointer<UInt8>) -> Double? {
        guard bytes.count <= 400, JSONNumber.end(in: bytes, from: 0) == bytes.count,
            let value = Double(String(decoding: bytes, as: UTF8.self)), value.isFinite
        else { return nil }
        return value
    }

    /// Whether a number is written as the database writes it back, without an exponent or zeros behind the point.
    static func isCanonical(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        var hasPoint = false
        for byte in bytes {
            if byte == UInt8(ascii: ".") { hasPoint = true }
            if byte | 0x20 == UInt8(ascii: "e") { return false }
        }
        return !hasPoint || bytes.last != UInt8(ascii: "0")
    }

    /// Other notations of the same number, in one.
    static func canonical(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
        any(bytes).map(text) ?? String(decoding: bytes, as: UTF8.self)
    }
}
