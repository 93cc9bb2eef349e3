/// TLS of the server itself.
///
/// | key | meaning | default |
/// |---|---|---|
/// | `TLS_CERTIFICATE_FILE` | the server's certificate with its chain, in PEM | unset: plain HTTP |
/// | `TLS_KEY_FILE` | its key in PEM, without a password | unset |
package struct TLSSettings: Sendable, Hashable {
    /// The path of the certificate.
    package var certificate: String
    /// The path of the key.
    package var key: String

    /// Reads the settings; nil without TLS.
    ///
    /// - Throws: `SettingsError` if one of the two is missing.
    init?(_ variables: Variables) throws {
        let certificate = variables.text("TLS_CERTIFICATE_FILE")
        let key = variables.text("TLS_KEY_FILE")
        switch (certificate, key) {
        case (let certificate?, let key?):
            self.certificate = certificate
            self.key = key
        case (nil, nil): return nil
        case (nil, _):
            throw SettingsError(name: "TLS_CERTIFICATE_FILE", problem: "must be set, since TLS_KEY_FILE is")
        case (_, nil):
            throw SettingsError(name: "TLS_KEY_FILE", problem: "must be set, since TLS_CERTIFICATE_FILE is")
        }
    }
}
