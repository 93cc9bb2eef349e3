@_spi(_Unicode) import Swift

/// Unicode forms that must be the same here and in the database.
enum CanonicalText {
    /// Whether a scalar is trimmed from the ends of a value: ASCII white space, or a no-break space.
    static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09...0x0D, 0x20, 0xA0: true
        default: false
        }
    }

    /// Normalisation form C.
    ///
    /// Neither the standard library nor FoundationEssentials has this as API (Foundation has, but needs ICU's 40 MB).
    /// This uses the standard library's own implementation, by the name under which swift-foundation shares it. It is
    /// the only use of a name that is not API; if the name is removed, a test of this function fails.
    static func composed(_ text: some StringProtocol) -> String {
        var result = String.UnicodeScalarView()
        for scalar in String(text)._nfc {
            result.append(scalar)
        }
        return String(result)
    }

    /// Lower case by each scalar's full mapping, without context: a final Σ becomes σ like any other.
    static func lowercased(_ text: String) -> String {
        var result = ""
        result.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            result += scalar.properties.lowercaseMapping
        }
        return result
    }

    /// The text without blanks at its ends.
    static func trimmed(_ text: String) -> Substring {
        let scalars = text.unicodeScalars
        guard let first = scalars.firstIndex(where: { !isBlank($0) }),
            let last = scalars.lastIndex(where: { !isBlank($0) })
        else { return "" }
        return text[first..<scalars.index(after: last)]
    }

    /// Trimmed, composed, in lower case, as UTF-8: the first step of every identity.
    ///
    /// ASCII costs one pass and one allocation; other text needs Unicode's tables.
    static func canonicalBytes(of text: String) -> [UInt8] {
        var text = text
        let fast: [UInt8]? = text.withUTF8 { utf8 in
            guard utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
            return [UInt8](trimmed(utf8).lazy.map(asciiLowercased))
        }
        return fast ?? Array(lowercased(composed(trimmed(text))).utf8)
    }

    /// The bytes without ASCII white space at their ends.
    static func trimmed(_ utf8: UnsafeBufferPointer<UInt8>) -> Slice<UnsafeBufferPointer<UInt8>> {
        var start = 0
        var end = utf8.count
        while start < end, isASCIIBlank(utf8[start]) { start += 1 }
        while end > start, isASCIIBlank(utf8[end - 1]) { end -= 1 }
        return utf8[start..<end]
    }

    /// Whether a byte is ASCII white space.
    static func isASCIIBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    /// A byte in ASCII lower case.
    static func asciiLowercased(_ byte: UInt8) -> UInt8 {
        (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
    }
}
