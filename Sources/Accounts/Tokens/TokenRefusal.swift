/// Why a session's token is refused; for tests and logs, never with a part of the token.
package enum TokenRefusal: Error, Sendable, Hashable {
    /// Not three parts of base64url with a JSON object in the first, or too long.
    case malformed
    /// The header has a member that this server does not follow: `crit`, `b64`, `jku`, `x5u`, `jwk`, `x5c`, `zip`, `enc`.
    case headerNotAllowed(String)
    /// The algorithm is none of HS256, ES256 and RS256, or not the one of the key.
    case algorithm
    /// No key has the token's id, or the token names none.
    case unknownKey
    /// The signature is not the key's.
    case signature
    /// The claims are not one JSON object with each name once, or one of them has another type than it must.
    case claims
    /// Another issuer, or none.
    case issuer
    /// For another audience, or for none.
    case audience
    /// No longer valid.
    case expired
    /// Not valid yet.
    case notYetValid
    /// The role is not `authenticated`: a key of the project, or an anonymous visitor.
    case role
    /// The subject is no UUID.
    case subject
}

/// The keys of the issuer cannot be fetched, so that no signature can be verified; the caller should try again.
package struct KeysUnavailable: Error, Sendable, Hashable {}
