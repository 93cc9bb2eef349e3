import Digests
import JSON

/// A key that verifies tokens, with the one algorithm that it is for.
///
/// The key decides how a signature is verified; a token whose header names another algorithm is refused. So no token is
/// verified by `none`, and no public key is used as the secret of an HMAC.
struct VerificationKey: Sendable {
    /// The algorithms, by their names in tokens.
    enum Algorithm: String, Sendable {
        case hs256 = "HS256"
        case es256 = "ES256"
        case rs256 = "RS256"
    }

    private enum Material: Sendable {
        case secret([UInt8])
        case publicKey(PublicKey)
    }

    /// How short a secret may be, in bytes (RFC 7518, 3.2).
    static let shortestSecret = 32

    /// Its id; nil for a secret.
    let id: String?
    /// Its algorithm.
    let algorithm: Algorithm
    private let material: Material

    /// A secret for HS256; nil if it is too short.
    init?(secret: [UInt8]) {
        guard secret.count >= Self.shortestSecret else { return nil }
        id = nil
        algorithm = .hs256
        material = .secret(secret)
    }

    /// A public key as a JSON web key (RFC 7517); nil for a key that is not for ES256 or RS256 signatures.
    ///
    /// Secrets (`oct`) are not taken from a key set: it is public.
    init?(jwk: JSONValue) {
        guard let id = jwk["kid"]?.string, 1...SignedToken.longestKeyID ~= id.utf8.count else { return nil }
        if let use = jwk["use"], use.string != "sig" { return nil }
        if let operations = jwk["key_ops"] {
            guard let operations = operations.array, operations.contains("verify") else { return nil }
        }
        let publicKey: PublicKey?
        switch jwk["kty"]?.string {
        case "EC":
            guard jwk["crv"]?.string == "P-256", let x = Self.bytes(jwk["x"]), let y = Self.bytes(jwk["y"]) else {
                return nil
            }
            publicKey = PublicKey(p256X: x, y: y)
            algorithm = .es256
        case "RSA":
            guard let modulus = Self.bytes(jwk["n"]), let exponent = Self.bytes(jwk["e"]) else { return nil }
            publicKey = PublicKey(rsaModulus: modulus, exponent: exponent)
            algorithm = .rs256
        default: return nil
        }
        if let name = jwk["alg"], name.string != algorithm.rawValue { return nil }
        guard let publicKey else { return nil }
        self.id = id
        material = .publicKey(publicKey)
    }

    private static func bytes(_ value: JSONValue?) -> [UInt8]? { value?.string.flatMap { Base64URL.decode($0.utf8) } }

    /// Checks that the key has signed a token.
    ///
    /// - Throws: ``TokenRefusal``: `.algorithm`, `.signature`.
    func verify(_ token: SignedToken) throws(TokenRefusal) {
        guard token.algorithm == algorithm.rawValue else { throw .algorithm }
        let isValid =
            switch material {
            case .secret(let secret):
                isEqualInConstantTime(SHA256.authenticationCode(of: token.signedBytes, key: secret), token.signature)
            case .publicKey(let key): key.verifies(token.signature, of: token.signedBytes)
            }
        guard isValid else { throw .signature }
    }
}
