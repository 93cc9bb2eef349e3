import JSON

/// Numbers in conditions and in metadata.
enum ConditionNumber {
    /// A number in plain decimal notation, of at most fifteen digits, so that a `Double` holds it exactly.
    ///
    /// A leading zero makes it a text: `02134` is a postal code, not a number.
    static func plain(_ bytes: UnsafeBufferPointer<UInt8>) -> Double? {
        guard let first = bytes.first, first == UInt8(ascii: "-") || (0x30...0x39).contains(first),
            bytes.count <= 17, JSONNumber.isNumber(bytes)
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

    /// A number in any JSON notation.
    static func any(_ bytes: UnsafeBufferPointer<UInt8>) -> Double? {
        guard bytes.count <= 400, JSONNumber.isNumber(bytes),
            let value = Double(String(decoding: bytes, as: UTF8.self)), value.isFinite
        else { return nil }
        return value
    }
}
