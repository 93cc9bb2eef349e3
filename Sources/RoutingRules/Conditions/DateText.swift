import CivilTime

/// Dates and instants in metadata: `2026-05-01`, `2026-05-01T12:30:00Z`, `2026-05-01 14:30:00.25+02:00`.
enum DateText {
    /// The range of a text, in microseconds since 1970: a day of UTC, or a single instant; nil for other text.
    ///
    /// An instant without an offset is in UTC.
    static func extent(of bytes: UnsafeBufferPointer<UInt8>) -> Extent? {
        guard (10...40).contains(bytes.count), let written = WrittenTime(bytes) else { return nil }
        let start = written.microsecondsSinceEpoch
        guard written.microsecondOfDay == nil else { return Extent(Double(start)) }
        return Extent(Double(start), Double(start + RFC3339.microsecondsPerDay - 1))
    }

    /// The range of a text.
    static func extent(of text: String) -> Extent? {
        var text = String(CanonicalText.trimmed(text))
        return text.withUTF8(extent(of:))
    }
}
