import Accounts
import Outbound

/// How the sessions of a Supabase project are verified; persons of such sessions may use the API.
///
/// | key | meaning | default |
/// |---|---|---|
/// | `SUPABASE_URL` | the project; its public keys verify sessions (ES256, RS256) | unset: no sessions by public keys |
/// | `SUPABASE_JWT_SECRET` | the secret of sessions by HS256, at least 32 characters | unset: none of them |
/// | `SUPABASE_JWT_ISSUER` | the claim `iss` of sessions | `SUPABASE_URL/auth/v1` |
/// | `SUPABASE_JWT_AUDIENCE` | the claim `aud` of sessions | `authenticated` |
package struct SupabaseSettings: Sendable {
    /// The address of the project's key set; nil without `SUPABASE_URL`.
    let keySet: OutboundAddress?
    /// The secret of HS256.
    let secret: [UInt8]?
    /// The issuer; nil: sessions are not accepted.
    let issuer: String?
    /// The audience.
    let audience: String

    /// Reads the settings.
    ///
    /// - Throws: ``SettingsError`` for a short secret, an address without TLS, and a secret without an issuer.
    init(_ variables: Variables) throws {
        _ = try variables.address("SUPABASE_URL")
        var project = variables.text("SUPABASE_URL")
        while project?.hasSuffix("/") == true { project?.removeLast() }
        keySet = project.flatMap { OutboundAddress($0 + "/auth/v1/.well-known/jwks.json") }
        secret = variables.text("SUPABASE_JWT_SECRET").map { Array($0.utf8) }
        issuer = variables.text("SUPABASE_JWT_ISSUER") ?? project.map { $0 + "/auth/v1" }
        audience = variables.text("SUPABASE_JWT_AUDIENCE") ?? "authenticated"
        guard let secret else { return }
        if SessionVerifier(issuer: "", audience: "", secret: secret, keys: nil) == nil {
            throw SettingsError(
                name: "SUPABASE_JWT_SECRET",
                problem: "must have at least 32 characters: it is the JWT secret of the project's settings"
            )
        }
        if issuer == nil {
            throw SettingsError(
                name: "SUPABASE_JWT_SECRET",
                problem: "needs SUPABASE_URL, or SUPABASE_JWT_ISSUER, to know whose sessions it verifies"
            )
        }
    }

    /// The verifier of sessions; nil if none are accepted.
    ///
    /// - Parameters:
    ///   - transport: fetches the key set.
    ///   - onFailure: receives the reason of a failed fetch.
    /// - Returns: the verifier.
    func verifier(
        transport: any HTTPTransport,
        onFailure: @escaping @Sendable (String) -> Void
    ) -> SessionVerifier? {
        guard let issuer, secret != nil || keySet != nil else { return nil }
        return SessionVerifier(
            issuer: issuer,
            audience: audience,
            secret: secret,
            keys: keySet.map { KeySetCache(address: $0, transport: transport, onFailure: onFailure) }
        )
    }
}
