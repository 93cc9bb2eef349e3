import CivilTime

extension Timestamp: CustomStringConvertible {
    /// RFC 3339 in UTC with six decimals, such as `2026-01-31T09:30:00.000000Z`.
    package var rfc3339: String { RFC3339.text(microsecondsSinceUnixEpoch) }

    /// The RFC 3339 text.
    package var description: String { rfc3339 }

    /// Reads RFC 3339; nil for anything else, including days that no calendar has.
    package init?(rfc3339 text: String) {
        guard let microseconds = RFC3339.microseconds(of: text) else { return nil }
        self.init(microsecondsSinceUnixEpoch: microseconds)
    }
}
