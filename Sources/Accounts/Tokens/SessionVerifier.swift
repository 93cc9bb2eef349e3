import FoundationEssentials
import JSON

/// Verifies the tokens of Supabase's sessions (JSON web tokens).
///
/// A token authenticates a person if one of the issuer's keys has signed it, by that key's algorithm, and it is for this
/// audience, from this issuer, and valid now. Nothing in a token's header can add a key, name an address or change how
/// the token is read.
package struct SessionVerifier: Sendable {
    /// By how many seconds the clocks of the issuer and of this node may differ.
    package static let usualLeeway: Int64 = 30

    private let issuer: String
    private let audience: String
    private let secret: VerificationKey?
    private let keys: KeySetCache?
    private let leeway: Int64

    /// A verifier; nil if the secret is too short.
    ///
    /// - Parameters:
    ///   - issuer: the claim `iss` of its tokens.
    ///   - audience: the claim `aud` of its tokens, or one of several there.
    ///   - secret: the secret of HS256 tokens, at least 32 bytes; nil: they are refused.
    ///   - keys: the keys of ES256 and RS256 tokens; nil: they are refused.
    ///   - leeway: by how many seconds a token may be expired, or early.
    package init?(
        issuer: String,
        audience: String,
        secret: [UInt8]?,
        keys: KeySetCache?,
        leeway: Int64 = usualLeeway
    ) {
        self.issuer = issuer
        self.audience = audience
        self.keys = keys
        self.leeway = leeway
        if let secret {
            guard let key = VerificationKey(secret: secret) else { return nil }
            self.secret = key
        } else {
            self.secret = nil
        }
    }

    /// Whether a text looks like a token rather than like an API key.
    package static func isPlausible(_ text: String) -> Bool { SignedToken.isPlausible(text) }

    /// The claims of a token.
    ///
    /// - Parameters:
    ///   - text: the token.
    ///   - seconds: the time, in seconds since 1970.
    /// - Returns: the claims.
    /// - Throws: ``TokenRefusal``; ``KeysUnavailable`` if the issuer's keys cannot be fetched.
    package func claims(of text: String, at seconds: Int64) async throws -> SessionClaims {
        let token = try SignedToken(text)
        try await key(of: token).verify(token)
        return try Self.claims(token.payload, issuer: issuer, audience: audience, at: seconds, leeway: leeway)
    }

    /// The key that must have signed a token: by the algorithm first, so that no token reaches a key of another kind.
    private func key(of token: SignedToken) async throws -> VerificationKey {
        switch VerificationKey.Algorithm(rawValue: token.algorithm) {
        case .hs256:
            guard let secret else { throw TokenRefusal.algorithm }
            return secret
        case .es256, .rs256:
            guard let keys else { throw TokenRefusal.algorithm }
            guard let id = token.keyID, let key = try await keys.key(id) else { throw TokenRefusal.unknownKey }
            return key
        case nil: throw TokenRefusal.algorithm
        }
    }

    private static func claims(
        _ payload: [UInt8],
        issuer: String,
        audience: String,
        at seconds: Int64,
        leeway: Int64
    ) throws(TokenRefusal) -> SessionClaims {
        guard let claims = SignedToken.object(of: payload) else { throw .claims }
        guard claims["iss"]?.string == issuer else { throw .issuer }
        guard has(audience, claims["aud"]) else { throw .audience }
        guard let expiry = claims["exp"]?.double, expiry < 1e11 else { throw .claims }
        guard Double(seconds) < expiry + Double(leeway) else { throw .expired }
        for name in ["nbf", "iat"] {
            guard let start = claims[name] else { continue }
            guard let start = start.double else { throw .claims }
            guard Double(seconds) >= start - Double(leeway) else { throw .notYetValid }
        }
        guard claims["role"]?.string == "authenticated", claims["is_anonymous"]?.bool != true else { throw .role }
        guard let text = claims["sub"]?.string, let subject = UUID(uuidString: text) else { throw .subject }
        let email = claims["email"]?.string.flatMap { 1...320 ~= $0.utf8.count ? $0 : nil }
        let all = JSONValue.object(claims.map { .init($0.key, $0.value) }.sorted { $0.key < $1.key })
        return SessionClaims(subject: subject, email: email, expiresAt: Int64(expiry), all: all)
    }

    private static func has(_ audience: String, _ claim: JSONValue?) -> Bool {
        if let one = claim?.string { return one == audience }
        return claim?.array?.contains(.string(audience)) ?? false
    }
}
