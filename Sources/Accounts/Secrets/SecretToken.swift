import Digests

/// The secret of a session, or of a one-time link: `swy_session_` or `swy_link_`, 43 random letters and digits
/// (256 bits), and a checksum.
///
/// Only its SHA-256 is stored, which is enough for a random secret. By the checksum, the CRC-32 in base 62, a text that
/// was mistyped or invented is refused without a query, and a scanner of leaked secrets recognises it.
package struct SecretToken: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    /// What a secret is for; one is never accepted in place of the other.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        /// A session.
        case session = "swy_session_"
        /// A one-time link.
        case link = "swy_link_"
    }

    private static let secretCount = 43
    private static let checksumCount = 6
    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    /// What it is for.
    package let kind: Kind
    /// The secret's text, to be shown once.
    package let text: String

    /// A new secret from the system's random numbers.
    package static func random(_ kind: Kind) -> SecretToken {
        var generator = SystemRandomNumberGenerator()
        let letters = (0..<secretCount).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] }
        let body = kind.rawValue + String(decoding: letters, as: UTF8.self)
        return SecretToken(kind: kind, text: body + checksum(body.utf8))
    }

    /// Reads a secret; nil if the text cannot be one of this kind, or its checksum is wrong.
    package init?(_ text: String, _ kind: Kind) {
        let bytes = text.utf8
        let start = kind.rawValue.utf8.count
        guard text.hasPrefix(kind.rawValue), bytes.count == start + Self.secretCount + Self.checksumCount,
            bytes.dropFirst(start).allSatisfy(Self.alphabet.contains)
        else { return nil }
        let body = bytes.dropLast(Self.checksumCount)
        guard Self.checksum(body).utf8.elementsEqual(bytes.suffix(Self.checksumCount)) else { return nil }
        self.init(kind: kind, text: text)
    }

    private init(kind: Kind, text: String) {
        self.kind = kind
        self.text = text
    }

    /// SHA-256 of the text: what is stored.
    package var hash: [UInt8] { SHA256.hash(text) }

    /// Whether a text begins like a session's secret.
    package static func isPlausibleSession(_ text: String) -> Bool { text.hasPrefix(Kind.session.rawValue) }

    package var description: String { kind.rawValue + "•••" }
    package var customMirror: Mirror { Mirror(self, children: []) }

    private static func checksum(_ body: some Sequence<UInt8>) -> String {
        var rest = Int(CRC32.checksum(body))
        var digits: [UInt8] = []
        for _ in 0..<checksumCount {
            digits.append(alphabet[rest % alphabet.count])
            rest /= alphabet.count
        }
        return String(decoding: digits.reversed(), as: UTF8.self)
    }
}
