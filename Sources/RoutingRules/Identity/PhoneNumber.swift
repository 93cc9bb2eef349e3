/// Phone numbers as identities.
enum PhoneNumber {
    /// The digits by which a number is recognised, or nil if the value is not a number.
    ///
    /// Removed are an extension at the end, the trunk prefix `(0)`, a leading `00` (the international prefix), and the
    /// 1 of the eleven digits of North America. Seven to fifteen digits that are not all the same must remain.
    static func normalised(_ value: String) -> [UInt8]? {
        var value = value
        var digits = value.withUTF8 { utf8 in
            let end = endWithoutExtension(utf8)
            var digits: [UInt8] = []
            digits.reserveCapacity(end)
            var index = 0
            while index < end {
                let byte = utf8[index]
                let isTrunkPrefix =
                    byte == UInt8(ascii: "(") && index + 2 < end && utf8[index + 1] == UInt8(ascii: "0")
                    && utf8[index + 2] == UInt8(ascii: ")")
                if isTrunkPrefix {
                    index += 3
                    continue
                }
                if isDigit(byte) { digits.append(byte) }
                index += 1
            }
            return digits
        }
        if digits.starts(with: [UInt8(ascii: "0"), UInt8(ascii: "0")]) { digits.removeFirst(2) }
        if digits.count == 11, digits.first == UInt8(ascii: "1") { digits.removeFirst() }
        guard (7...15).contains(digits.count), digits.contains(where: { $0 != digits[0] }) else {
            return nil
        }
        return digits
    }

    /// The end of the number before an extension: `ext 12`, `ext. 12`, `x12`, `#12` or `;ext=12` at the very end.
    private static func endWithoutExtension(_ utf8: UnsafeBufferPointer<UInt8>) -> Int {
        func withoutBlanks(_ end: Int) -> Int {
            var end = end
            while end > 0 {
                if CanonicalText.isASCIIBlank(utf8[end - 1]) {
                    end -= 1
                } else if end > 1, utf8[end - 1] == 0xA0, utf8[end - 2] == 0xC2 {
                    // A no-break space.
                    end -= 2
                } else {
                    break
                }
            }
            return end
        }
        func ends(_ end: Int, with word: StaticString) -> Bool {
            let length = word.utf8CodeUnitCount
            guard end >= length else { return false }
            return (0..<length)
                .allSatisfy { CanonicalText.asciiLowercased(utf8[end - length + $0]) == word.utf8Start[$0] }
        }
        let afterDigits = withoutBlanks(utf8.count)
        var index = afterDigits
        while index > 0, isDigit(utf8[index - 1]) { index -= 1 }
        guard index < afterDigits else { return utf8.count }
        index = withoutBlanks(index)
        for marker in [";ext=", "ext.", "ext", "x", "#"] as [StaticString]
        where ends(index, with: marker) {
            return index - marker.utf8CodeUnitCount
        }
        return utf8.count
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
