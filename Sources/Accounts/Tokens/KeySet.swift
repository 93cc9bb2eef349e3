import JSON

/// The public keys of an issuer, as its key set lists them (RFC 7517).
struct KeySet: Sendable {
    /// How many keys a set may have.
    static let mostKeys = 32

    private let keys: [String: VerificationKey]

    /// Reads a key set; keys that are not for ES256 or RS256 are left out, and so are keys that share an id.
    ///
    /// - Returns: nil for a text that is no key set, or one of too many keys.
    init?(_ bytes: [UInt8]) {
        guard let set = try? JSONReader.value(of: bytes, maximumDepth: 16), let list = set["keys"]?.array,
            list.count <= Self.mostKeys
        else { return nil }
        var keys: [String: VerificationKey] = [:]
        var repeated: Set<String> = []
        for jwk in list {
            guard let key = VerificationKey(jwk: jwk), let id = key.id else { continue }
            if keys.updateValue(key, forKey: id) != nil { repeated.insert(id) }
        }
        for id in repeated { keys[id] = nil }
        self.keys = keys
    }

    /// The key of an id.
    subscript(_ id: String) -> VerificationKey? { keys[id] }
}
