/// A point in time as PostgreSQL keeps it: whole microseconds, without a zone.
///
/// Conversions saturate at the ends of `Int64`, where PostgreSQL's `infinity` and `-infinity` are.
package struct Timestamp: Sendable, Hashable, Comparable {
    /// Microseconds since 1970-01-01T00:00:00Z.
    package var microsecondsSinceUnixEpoch: Int64

    /// A point in time by its distance from 1970.
    package init(microsecondsSinceUnixEpoch: Int64) {
        self.microsecondsSinceUnixEpoch = microsecondsSinceUnixEpoch
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.microsecondsSinceUnixEpoch < right.microsecondsSinceUnixEpoch
    }

    /// Microseconds between 1970 and 2000, where PostgreSQL counts from.
    private static let epochDifference: Int64 = 946_684_800_000_000

    /// Reads PostgreSQL's binary form.
    init(binary: Int64) {
        if binary == .max || binary == .min {
            microsecondsSinceUnixEpoch = binary
        } else {
            let (sum, overflow) = binary.addingReportingOverflow(Self.epochDifference)
            microsecondsSinceUnixEpoch = overflow ? .max : sum
        }
    }

    /// PostgreSQL's binary form.
    var binary: Int64 {
        if microsecondsSinceUnixEpoch == .max || microsecondsSinceUnixEpoch == .min {
            return microsecondsSinceUnixEpoch
        }
        let (difference, overflow) = microsecondsSinceUnixEpoch.subtractingReportingOverflow(
            Self.epochDifference
        )
        return overflow ? .min : difference
    }
}

extension Timestamp: Codable {
    /// Reads RFC 3339 text.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let value = Timestamp(rfc3339: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "Expected a time such as 2026-01-31T09:30:00Z."
            )
        }
        self = value
    }

    /// Writes RFC 3339 text with six decimals.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rfc3339)
    }
}
