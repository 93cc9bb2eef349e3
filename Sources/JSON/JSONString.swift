/// The contents of strings as JSON writes them, between the quotation marks.
package enum JSONString {
    /// The contents without their escapes; nil if an escape is malformed.
    package static func unescaped(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
        guard let text = try? unescaped(bytes.span, 0..<bytes.count) else { return nil }
        return String(decoding: text, as: UTF8.self)
    }

    /// A part of a text without its escapes, in UTF-8 if the part was.
    static func unescaped(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(JSONFault) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(range.count)
        var index = range.lowerBound
        while index < range.upperBound {
            guard bytes[index] == UInt8(ascii: "\\") else {
                text.append(bytes[index])
                index += 1
                continue
            }
            guard index + 1 < range.upperBound else { throw JSONFault("an unknown escape", at: index) }
            switch bytes[index + 1] {
            case UInt8(ascii: "\""): text.append(UInt8(ascii: "\""))
            case UInt8(ascii: "\\"): text.append(UInt8(ascii: "\\"))
            case UInt8(ascii: "/"): text.append(UInt8(ascii: "/"))
            case UInt8(ascii: "b"): text.append(0x08)
            case UInt8(ascii: "f"): text.append(0x0C)
            case UInt8(ascii: "n"): text.append(0x0A)
            case UInt8(ascii: "r"): text.append(0x0D)
            case UInt8(ascii: "t"): text.append(0x09)
            case UInt8(ascii: "u"):
                var unit = try unit(bytes, index + 2, range)
                index += 4
                if unit & 0xFC00 == 0xD800, index + 3 < range.upperBound, bytes[index + 2] == UInt8(ascii: "\\"),
                    bytes[index + 3] == UInt8(ascii: "u")
                {
                    let low = try Self.unit(bytes, index + 4, range)
                    if low & 0xFC00 == 0xDC00 {
                        unit = 0x10000 + (unit & 0x3FF) << 10 + (low & 0x3FF)
                        index += 6
                    }
                }
                guard let scalar = Unicode.Scalar(unit) else {
                    throw JSONFault("half of a surrogate pair is escaped here", .loneSurrogate, at: index - 4)
                }
                text.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            default: throw JSONFault("an unknown escape", at: index)
            }
            index += 2
        }
        return text
    }

    /// The number that four hexadecimal digits mean.
    private static func unit(_ bytes: Span<UInt8>, _ start: Int, _ range: Range<Int>) throws(JSONFault) -> UInt32 {
        var value: UInt32 = 0
        for index in start..<start + 4 {
            guard index < range.upperBound else {
                throw JSONFault("four hexadecimal digits are expected here", at: start)
            }
            let digit: UInt8
            switch bytes[index] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = bytes[index] - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = bytes[index] - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = bytes[index] - UInt8(ascii: "A") + 10
            default: throw JSONFault("four hexadecimal digits are expected here", at: start)
            }
            value = value << 4 | UInt32(digit)
        }
        return value
    }
}
