import CDigests

/// A public key that signatures are verified with, by the system's libcrypto.
///
/// A key is of one kind and verifies signatures of one algorithm, so that a signature cannot choose how it is verified.
/// libcrypto's key is read only after it is made, and may be used by several threads.
package final class PublicKey: @unchecked Sendable {
    /// The algorithm of a key.
    package enum Algorithm: Sendable, Hashable {
        /// ECDSA over P-256 with SHA-256; a signature is `r` and `s`, 32 bytes each.
        case ecdsaP256
        /// RSA, PKCS #1 v1.5, with SHA-256; a signature is as long as the modulus.
        case rsaPKCS1
    }

    /// The algorithm of its signatures.
    package let algorithm: Algorithm
    private let key: OpaquePointer

    /// A key of P-256; nil if the coordinates are no point of the curve.
    ///
    /// - Parameters:
    ///   - x: the first coordinate, 32 bytes.
    ///   - y: the second coordinate, 32 bytes.
    package init?(p256X x: [UInt8], y: [UInt8]) {
        guard x.count == 32, y.count == 32, let key = switchyard_p256_key(x, y) else { return nil }
        self.key = key
        algorithm = .ecdsaP256
    }

    /// An RSA key of 2048 to 8192 bits; nil for any other.
    ///
    /// - Parameters:
    ///   - modulus: the modulus, big-endian.
    ///   - exponent: the exponent, big-endian; odd, from 3 to 33 bits.
    package init?(rsaModulus modulus: [UInt8], exponent: [UInt8]) {
        guard let key = switchyard_rsa_key(modulus, modulus.count, exponent, exponent.count) else { return nil }
        self.key = key
        algorithm = .rsaPKCS1
    }

    deinit { switchyard_release_key(key) }

    /// Whether a signature of these bytes was made with the private key; some 100 µs for P-256, 30 µs for RSA.
    package func verifies(_ signature: [UInt8], of bytes: [UInt8]) -> Bool {
        switch algorithm {
        case .ecdsaP256:
            signature.count == 64 && switchyard_verify_es256(key, signature, bytes, bytes.count) == 1
        case .rsaPKCS1:
            switchyard_verify_rs256(key, signature, signature.count, bytes, bytes.count) == 1
        }
    }
}
