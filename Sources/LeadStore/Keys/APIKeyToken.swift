import Digests

/// The text of `Authorization: Bearer …`: `sw_`, eight characters that identify the key, and 256 random bits.
///
/// Only the SHA-256 of the secret is stored. A plain hash is enough, because the secret is random and not chosen by a
/// person.
package struct APIKeyToken: Sendable {
    /// The part that identifies the key; not secret.
    package let prefix: String
    private let secret: String

    /// The token's text.
    ///
    /// It is shown once, when the key is created.
    package var text: String { "sw_\(prefix)_\(secret)" }

    /// SHA-256 of the secret.
    var secretHash: [UInt8] { SHA256.hash(secret) }

    /// A new token from the system's random numbers.
    package static func random() -> APIKeyToken {
        var generator = SystemRandomNumberGenerator()
        return APIKeyToken(
            prefix: letters(8, from: &generator),
            secret: letters(43, from: &generator)
        )
    }

    /// Parses a token; nil if the text cannot be one.
    package init?(_ text: String) {
        guard text.utf8.count <= 200, text.hasPrefix("sw_") else { return nil }
        let parts = text.dropFirst(3).split(separator: "_", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.count == 8, parts[1].utf8.count >= 32,
            parts[0].utf8.allSatisfy({ Self.alphabet.contains($0) })
        else { return nil }
        self.init(prefix: String(parts[0]), secret: String(parts[1]))
    }

    private init(prefix: String, secret: String) {
        self.prefix = prefix
        self.secret = secret
    }

    private static let alphabet = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789".utf8)

    private static func letters(_ count: Int, from generator: inout some RandomNumberGenerator) -> String {
        String(
            decoding: (0..<count).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] },
            as: UTF8.self
        )
    }
}
