import Digests

/// The text of `Authorization: Bearer …`: `swy_live_` or `swy_test_`, and 46 letters and digits.
///
/// The letters are 8 that identify the key, 32 random ones (190 bits), and 6 of a checksum, by which a scanner of
/// leaked secrets recognises a key, and the server refuses a mistyped or invented one without a query. The checksum is
/// the CRC-32 of everything before it, in base 62 with the digits `0`–`9`, `A`–`Z`, `a`–`z`, with leading zeros.
///
/// Only a SHA-256 is stored, of everything before the checksum. A plain hash is enough, because the secret is random
/// and not chosen by a person. As the kind is part of it, a test key cannot be rewritten to a live one.
package struct APIKeyToken: Sendable {
    /// The part that identifies the key; not secret.
    package let prefix: String
    /// Whether leads sent with it are a test.
    package let isTest: Bool
    /// Everything before the checksum.
    private let body: String

    /// The token's text.
    ///
    /// It is shown once, when the key is created.
    package var text: String { body + Self.checksum(body.utf8) }

    /// SHA-256 of everything before the checksum.
    package var secretHash: [UInt8] { SHA256.hash(body) }

    /// A new token from the system's random numbers.
    package static func random(isTest: Bool = false) -> APIKeyToken {
        var generator = SystemRandomNumberGenerator()
        return APIKeyToken(
            prefix: letters(prefixCount, from: &generator),
            secret: letters(secretCount, from: &generator),
            isTest: isTest
        )
    }

    /// Parses a token; nil if the text cannot be one, or its checksum is wrong.
    package init?(_ text: String) {
        let bytes = text.utf8
        let count = Self.live.utf8.count + Self.prefixCount + Self.secretCount + Self.checksumCount
        guard bytes.count == count, text.hasPrefix(Self.live) || text.hasPrefix(Self.test) else { return nil }
        let letters = bytes.dropFirst(Self.live.utf8.count)
        guard letters.allSatisfy(Self.alphabet.contains) else { return nil }
        let body = bytes.dropLast(Self.checksumCount)
        guard Self.checksum(body).utf8.elementsEqual(bytes.suffix(Self.checksumCount)) else { return nil }
        self.body = String(decoding: body, as: UTF8.self)
        prefix = String(decoding: letters.prefix(Self.prefixCount), as: UTF8.self)
        isTest = text.hasPrefix(Self.test)
    }

    private init(prefix: String, secret: String, isTest: Bool) {
        self.prefix = prefix
        self.isTest = isTest
        body = (isTest ? Self.test : Self.live) + prefix + secret
    }

    /// The checksum of the bytes before it.
    static func checksum(_ body: some Sequence<UInt8>) -> String {
        var rest = Int(CRC32.checksum(body))
        var digits: [UInt8] = []
        for _ in 0..<checksumCount {
            digits.append(alphabet[rest % alphabet.count])
            rest /= alphabet.count
        }
        return String(decoding: digits.reversed(), as: UTF8.self)
    }

    private static let live = "swy_live_"
    private static let test = "swy_test_"
    private static let prefixCount = 8
    private static let secretCount = 32
    private static let checksumCount = 6
    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    private static func letters(_ count: Int, from generator: inout some RandomNumberGenerator) -> String {
        String(
            decoding: (0..<count).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] },
            as: UTF8.self
        )
    }
}
