import Digests

/// A key that requests between us and Inngest are signed with.
///
/// However it is printed, only its prefix shows: the secret cannot reach a log by accident.
package struct SigningKey: Sendable, Hashable {
    /// `signkey-prod-` and the like; empty for the bare keys of servers that people run themselves.
    package let prefix: String
    /// What follows the prefix: hexadecimal digits.
    private let secret: String
    private let secretBytes: [UInt8]

    /// Reads a key; nil for a text that is none.
    package init?(_ text: String) {
        let split = Self.prefixLength(text)
        prefix = String(text.prefix(split))
        secret = String(text.dropFirst(split))
        guard let bytes = Hexadecimal.decode(secret), !bytes.isEmpty else { return nil }
        secretBytes = bytes
    }

    /// What the key is known by on the other side, without its prefix.
    package var hash: String { Hexadecimal.encode(SHA256.hash(secretBytes)) }

    /// What proves to Inngest's API who is asking: the prefix and the hash.
    package var bearer: String { prefix + hash }

    /// The code over a body and the time at which it is signed.
    ///
    /// The secret enters as the text it is, not as the bytes that the text stands for.
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
