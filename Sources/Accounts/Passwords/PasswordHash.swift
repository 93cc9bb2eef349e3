package import Digests
import FoundationEssentials

/// A stored password: scrypt with its parameters, salt and key as one text, `$scrypt$ln=15,r=8,p=3$SALT$KEY`.
///
/// Salt and key are base64 without padding, as in the PHC string format, so a later version can use other parameters,
/// or another function, and still verify what is stored. A password is taken as it is: the caller composes it (NFC).
package struct PasswordHash: Sendable, Hashable {
    /// The parameters of new hashes: 32 MiB, and about 0.2 s of one core.
    package static let current = Scrypt(logCost: 15, blockSize: 8, parallelization: 3)

    private static let saltBytes = 16
    private static let keyBytes = 32

    /// The parameters.
    package let parameters: Scrypt
    private let salt: [UInt8]
    private let key: [UInt8]

    /// The hash of a password with a new salt; nil for parameters that scrypt does not allow.
    package init?(of password: String, parameters: Scrypt = current) {
        let salt = RandomBytes.make(Self.saltBytes)
        guard let key = parameters.key(of: Array(password.utf8), salt: salt, count: Self.keyBytes) else { return nil }
        self.parameters = parameters
        self.salt = salt
        self.key = key
    }

    /// The hash that no password has; verifying it takes as long as any other.
    package init(decoy parameters: Scrypt) {
        self.parameters = parameters
        salt = RandomBytes.make(Self.saltBytes)
        key = RandomBytes.make(Self.keyBytes)
    }

    /// Reads a stored text; nil for any other.
    package init?(_ text: String) {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0].isEmpty, parts[1] == "scrypt",
            let parameters = Self.parameters(parts[2]),
            let salt = Self.decoded(parts[3]), let key = Self.decoded(parts[4]),
            8...64 ~= salt.count, 16...64 ~= key.count
        else { return nil }
        self.parameters = parameters
        self.salt = salt
        self.key = key
    }

    /// The text to store.
    package var text: String {
        "$scrypt$ln=\(parameters.logCost),r=\(parameters.blockSize),p=\(parameters.parallelization)"
            + "$\(Self.encoded(salt))$\(Self.encoded(key))"
    }

    /// Whether a password has this hash; the time depends on the parameters, and on nothing that is secret.
    package func matches(_ password: String) -> Bool {
        guard let candidate = parameters.key(of: Array(password.utf8), salt: salt, count: key.count) else {
            return false
        }
        return isEqualInConstantTime(candidate, key)
    }

    private static func parameters(_ text: Substring) -> Scrypt? {
        let values = text.split(separator: ",").map { $0.split(separator: "=", maxSplits: 1) }
        guard values.count == 3, values.allSatisfy({ $0.count == 2 }), values.map({ $0[0] }) == ["ln", "r", "p"] else {
            return nil
        }
        let numbers = values.compactMap { Int($0[1]) }
        guard numbers.count == 3, 1...20 ~= numbers[0], 1...32 ~= numbers[1], 1...16 ~= numbers[2] else { return nil }
        return Scrypt(logCost: numbers[0], blockSize: numbers[1], parallelization: numbers[2])
    }

    private static func encoded(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("=", with: "")
    }

    private static func decoded(_ text: Substring) -> [UInt8]? {
        let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        return Data(base64Encoded: text + padding).map { [UInt8]($0) }
    }
}
