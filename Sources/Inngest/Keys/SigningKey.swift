import Digests

/// A key that signs requests between the app and Inngest.
///
/// Only its prefix is printed, so that the secret cannot reach a log by accident.
package struct SigningKey: Sendable, Hashable {
    /// `signkey-prod-` and the like; empty for the plain keys of self-hosted servers.
    package let prefix: String
    /// The hexadecimal digits after the prefix.
    private let secret: String
    private let secretBytes: [UInt8]

    /// Parses a key; nil if the text is not a key.
    package init?(_ text: String) {
        let split = Self.prefixLength(text)
        prefix = String(text.prefix(split))
        secret = String(text.dropFirst(split))
        guard let bytes = Hexadecimal.decode(secret), !bytes.isEmpty else { return nil }
        secretBytes = bytes
    }

    /// The hash by which Inngest identifies the key, without its prefix.
    package var hash: String { Hexadecimal.encode(SHA256.hash(secretBytes)) }

    /// The token for Inngest's API: the prefix and the hash.
    package var bearer: String { prefix + hash }

    /// The code of a body and the time of signing.
    ///
    /// The secret is used as text, not as the bytes of its digits.
    func code(over body: [UInt8], at time: Int64) -> [UInt8] {
        SHA256.authenticationCode(of: body + String(time).utf8, key: Array(secret.utf8))
    }

    /// How many characters of `signkey-\w+-` the text begins with.
    private static func prefixLength(_ text: String) -> Int {
        let parts = text.split(separator: "-", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "signkey", !parts[1].isEmpty,
            parts[1].allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" })
        else { return 0 }
        return parts[0].count + parts[1].count + 2
    }
}

extension SigningKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { prefix + "…" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
