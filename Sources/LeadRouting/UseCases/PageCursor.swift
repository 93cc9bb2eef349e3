import Digests
import LeadStore
import RoutingRules

/// Where a page of a list lies, as the text that clients send back.
///
/// A cursor is bound to its list, its filters and the caller's workspace: sent with others it is refused, because its
/// page would leave out elements. It is a check against mistakes, not a secret: what a caller sees is decided by the
/// caller's access. Its first byte is the version of the format.
struct PageCursor {
    private static let version: UInt8 = 1
    private static let checkBytes = 8
    /// The name of the list.
    let list: StaticString
    /// The filters, and the workspace of the caller.
    let scope: [String]

    /// The cursor of a place; the key in 64-bit words.
    func text(_ place: PagePlace<[UInt64]>) -> String {
        let (isBackward, words) =
            switch place {
            case .after(let words): (false, words)
            case .before(let words): (true, words)
            }
        var bytes: [UInt8] = [Self.version, isBackward ? 1 : 0]
        for word in words { bytes += (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) } }
        return (bytes + check(bytes)).map(Self.hexadecimal).joined()
    }

    /// The place of a cursor.
    ///
    /// - Parameters:
    ///   - text: what the client sent.
    ///   - count: the words of a key.
    /// - Returns: the place.
    /// - Throws: `RequestError.invalid` naming `cursor`, for anything but a cursor of this list with these filters.
    func place(_ text: String, words count: Int) throws -> PagePlace<[UInt64]> {
        let digits = Array(text.utf8)
        let length = 2 + 8 * count + Self.checkBytes
        guard digits.count.isMultiple(of: 2), digits.count <= 2 * 64,
            let bytes = Self.bytes(digits), bytes.first == Self.version
        else { throw Self.refusal("This is not a cursor of this version of the API.") }
        let (content, check) = (Array(bytes.dropLast(Self.checkBytes)), Array(bytes.suffix(Self.checkBytes)))
        guard bytes.count == length, content[1] <= 1, check == self.check(content) else {
            throw Self.refusal("This cursor is of another list, of other filters or of another workspace.")
        }
        let words = (0..<count)
            .map { word in
                content[(2 + 8 * word)..<(10 + 8 * word)].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            }
        return content[1] == 1 ? .before(words) : .after(words)
    }

    private static func refusal(_ message: String) -> RequestError {
        .invalid([
            FieldProblem(
                field: "cursor",
                message: message,
                remedy: "Send nextCursor or previousCursor of a page unchanged, with the filters of that page."
            )
        ])
    }

    /// The first bytes of a digest of all that a cursor is bound to.
    private func check(_ bytes: [UInt8]) -> [UInt8] {
        let parts = ["\(list)"] + scope
        let bound = parts.map { "\($0.utf8.count):\($0)" }.joined()
        return Array(SHA256.hash(Array(bound.utf8), bytes).prefix(Self.checkBytes))
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }

    /// The bytes of lower-case hexadecimal digits.
    private static func bytes(_ digits: [UInt8]) -> [UInt8]? {
        var bytes: [UInt8] = []
        for place in stride(from: 0, to: digits.count, by: 2) {
            guard let high = value(digits[place]), let low = value(digits[place + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
