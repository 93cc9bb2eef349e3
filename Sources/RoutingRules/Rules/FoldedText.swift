/// The form in which attribute values are compared: without case, and trimmed.
///
/// Trimmed, with runs of blanks as one space, composed (NFC), and the upper case of each scalar in lower case, which
/// equals Unicode's case folding for usual text (`Straße` equals `STRASSE`, a final ς equals σ). Typographic dashes and
/// apostrophes equal the plain ones: word processors turn `11-50` into `11–50`.
enum FoldedText {
    /// The folded value as UTF-8; empty for a blank one.
    static func bytes(of text: String) -> [UInt8] {
        withBytes(of: text) { Array($0) }
    }

    /// Calls `body` with the folded value; allocates nothing on the heap for ASCII of usual length.
    static func withBytes<Result>(
        of text: String,
        _ body: (UnsafeBufferPointer<UInt8>) -> Result
    )
        -> Result
    {
        var text = text
        return text.withUTF8 { withBytes(ofUTF8: $0, body) }
    }

    /// The same for a text that is UTF-8 already.
    static func withBytes<Result>(
        ofUTF8 utf8: UnsafeBufferPointer<UInt8>,
        _ body: (UnsafeBufferPointer<UInt8>) -> Result
    ) -> Result {
        let fast = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: utf8.count) { buffer -> Result? in
            guard let count = foldASCII(utf8, into: buffer) else { return nil }
            return body(UnsafeBufferPointer(rebasing: buffer[..<count]))
        }
        return fast ?? foldedSlowly(String(decoding: utf8, as: UTF8.self)).withUnsafeBufferPointer(body)
    }

    /// Folds ASCII; nil if the text has other characters.
    private static func foldASCII(
        _ utf8: UnsafeBufferPointer<UInt8>,
        into buffer: UnsafeMutableBufferPointer<UInt8>
    ) -> Int? {
        var count = 0
        var isAfterBlank = false
        for byte in utf8 {
            if byte >= 0x80 { return nil }
            if CanonicalText.isASCIIBlank(byte) {
                isAfterBlank = count > 0
                continue
            }
            if isAfterBlank {
                buffer[count] = UInt8(ascii: " ")
                count += 1
                isAfterBlank = false
            }
            buffer[count] = CanonicalText.asciiLowercased(byte)
            count += 1
        }
        return count
    }

    private static func foldedSlowly(_ text: String) -> [UInt8] {
        var result = ""
        var isAfterBlank = false
        for scalar in (mayCompose(text) ? CanonicalText.composed(text) : text).unicodeScalars {
            if CanonicalText.isBlank(scalar) {
                isAfterBlank = !result.isEmpty
                continue
            }
            if isAfterBlank {
                result += " "
                isAfterBlank = false
            }
            result += folded(scalar)
        }
        return Array(result.utf8)
    }

    /// Whether a text can be composed in linear time.
    ///
    /// Composing sorts each run of combining characters, in time that grows with the square of its length. No writing
    /// system has runs of more than thirty (UAX 15, D4); a longer text with one is compared as it is.
    private static func mayCompose(_ text: String) -> Bool {
        guard text.utf8.count > 256 else { return true }
        var run = 0
        for scalar in text.unicodeScalars {
            run = scalar.properties.canonicalCombiningClass == .notReordered ? 0 : run + 1
            if run > 60 { return false }
        }
        return true
    }

    /// The folded form of a scalar that is not blank.
    static func folded(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\u{2010}"..."\u{2015}", "\u{2212}": "-"
        case "\u{2018}", "\u{2019}": "'"
        default: CanonicalText.lowercased(scalar.properties.uppercaseMapping)
        }
    }
}
