import JSON

/// The parts of a JSON web token in compact form (RFC 7515), before its signature is verified.
struct SignedToken: Sendable {
    /// How long a token may be, in bytes.
    static let longest = 4096
    /// How long the id of a key may be, in bytes.
    static let longestKeyID = 128
    /// Members of a header that tell a reader where to find a key, or how to read the rest: no token may tell this server.
    private static let refusedMembers: Set<String> = ["crit", "b64", "jku", "x5u", "jwk", "x5c", "zip", "enc"]

    /// The algorithm that the header names; not trusted, only compared with the key's.
    let algorithm: String
    /// The id of the key; nil if the header names none.
    let keyID: String?
    /// The payload.
    let payload: [UInt8]
    /// The signature.
    let signature: [UInt8]
    /// What is signed.
    let signedBytes: [UInt8]

    /// Whether a text looks like a token rather than like a key: two full stops, and an object at its beginning.
    static func isPlausible(_ text: String) -> Bool {
        text.utf8.starts(with: "eyJ".utf8) && text.utf8.count { $0 == UInt8(ascii: ".") } == 2
    }

    /// Reads a token.
    ///
    /// - Throws: ``TokenRefusal``.
    init(_ text: String) throws(TokenRefusal) {
        guard text.utf8.count <= Self.longest else { throw .malformed }
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Base64URL.decode(parts[0]), let payload = Base64URL.decode(parts[1]),
            let signature = Base64URL.decode(parts[2]), let members = Self.object(of: header)
        else { throw .malformed }
        for name in Self.refusedMembers where members[name] != nil { throw .headerNotAllowed(name) }
        guard let algorithm = members["alg"]?.string else { throw .malformed }
        if let type = members["typ"] {
            guard type.string?.lowercased() == "jwt" else { throw .headerNotAllowed("typ") }
        }
        if let id = members["kid"] {
            guard let id = id.string, 1...Self.longestKeyID ~= id.utf8.count else { throw .malformed }
            keyID = id
        } else {
            keyID = nil
        }
        self.algorithm = algorithm
        self.payload = payload
        self.signature = signature
        signedBytes = Array(text.utf8.prefix(parts[0].count + 1 + parts[1].count))
    }

    /// The members of one JSON object; nil for other texts.
    ///
    /// A name that is there twice and a byte order mark are refused, because readers differ about them.
    static func object(of bytes: [UInt8]) -> [String: JSONValue]? {
        guard !bytes.starts(with: [0xEF, 0xBB, 0xBF]),
            let members = (try? JSONReader.value(of: bytes, maximumDepth: 16))?.members
        else { return nil }
        let object = Dictionary(members.map { ($0.key, $0.value) }) { first, _ in first }
        return object.count == members.count ? object : nil
    }
}
