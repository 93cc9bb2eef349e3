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
