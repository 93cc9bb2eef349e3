import FoundationEssentials
package import LeadStore
import Postgres
import RoutingRules

/// A page of leads, newest first.
package struct LeadListing: Sendable {
    /// The leads.
    package let leads: [LeadRecord]
    /// The cursor of the next page; nil on the last page.
    package let nextCursor: String?
    /// The cursor of the previous page; nil on the first page.
    package let previousCursor: String?
}

/// A page of the versions of a rule set, newest first.
package struct RuleSetVersionListing: Sendable {
    /// The versions.
    package let versions: [RuleSetVersionSummary]
    /// The cursor of the next page; nil on the last page.
    package let nextCursor: String?
    /// The cursor of the previous page; nil on the first page.
    package let previousCursor: String?
}

extension LeadFilter {
    /// The conditions as texts, to which a cursor is bound.
    var scope: [String] {
        [
            status?.rawValue ?? "", workspaceID?.text ?? "", sourceWorkspaceID?.text ?? "", matchedRuleID?.text ?? "",
            isDuplicate.map { "\($0)" } ?? "", email ?? "", phone ?? "",
            createdFrom.map { "\($0.microsecondsSinceUnixEpoch)" } ?? "",
            createdBefore.map { "\($0.microsecondsSinceUnixEpoch)" } ?? "",
        ]
    }
}

extension LeadKey {
    /// The key in words of 64 bits: the time, and the id's two halves.
    var words: [UInt64] {
        let bytes = withUnsafeBytes(of: id.uuid) { Array($0) }
        func word(_ range: Range<Int>) -> UInt64 { bytes[range].reduce(0) { $0 << 8 | UInt64($1) } }
        return [UInt64(bitPattern: createdAt.microsecondsSinceUnixEpoch), word(0..<8), word(8..<16)]
    }

    /// The key of three words.
    init(words: [UInt64]) {
        var id: uuid_t = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        withUnsafeMutableBytes(of: &id) { bytes in
            for place in 0..<16 {
                bytes[place] = UInt8(truncatingIfNeeded: words[1 + place / 8] >> UInt64(56 - 8 * (place % 8)))
            }
        }
        self.init(
            createdAt: Timestamp(microsecondsSinceUnixEpoch: Int64(bitPattern: words[0])),
            id: UUID(uuid: id)
        )
    }
}

extension PagePlace<[UInt64]> {
    /// The place with its key decoded.
    func key<Other: Hashable & Sendable>(_ decode: ([UInt64]) -> Other) -> PagePlace<Other> {
        switch self {
        case .after(let words): .after(decode(words))
        case .before(let words): .before(decode(words))
        }
    }
}
