import FoundationEssentials
import JSON
import TestSigning
import Testing

/// Makes tokens, right and forged, with keys of its own.
struct TokenMaker {
    static let issuer = "https://project.example/auth/v1"
    static let secret = Array("a secret of the project, of more than 32 bytes".utf8)
    static let person = "7d444840-9dc0-41d3-b4ab-7a52c3d6b1e1"
    /// The time of all tests, in seconds since 1970.
    static let now: Int64 = 1_800_000_000

    /// The claims of a session of Supabase, with some replaced; null removes one.
    static func claims(_ changes: [String: JSONValue] = [:]) -> JSONValue {
        var members: [String: JSONValue] = [
            "iss": .string(issuer), "aud": "authenticated", "sub": .string(person), "role": "authenticated",
            "iat": JSONValue(now - 60), "exp": JSONValue(now + 3600), "email": "person@example.com", "aal": "aal1",
            "session_id": "3f1f0f6e-0a7e-4a0e-9d57-1c2a2c7d7b11", "is_anonymous": false,
            "app_metadata": ["provider": "email"], "user_metadata": [:],
        ]
        for (name, value) in changes {
            members.removeValue(forKey: name)
            if value != .null { members[name] = value }
        }
        return .object(members.sorted { $0.key < $1.key }.map { .init($0.key, $0.value) })
    }

    /// A header.
    static func header(_ algorithm: String, kid: String? = nil, _ more: [JSONValue.Member] = []) -> JSONValue {
        var members: [JSONValue.Member] = [.init("alg", .string(algorithm)), .init("typ", "JWT")]
        if let kid { members.append(.init("kid", .string(kid))) }
        return .object(members + more)
    }

    /// A token of a header and a payload, with a signature by a function of the signed bytes.
    static func token(
        _ header: [UInt8],
        _ payload: [UInt8],
        sign: ([UInt8]) -> [UInt8]
    ) -> String {
        let signed = base64(header) + "." + base64(payload)
        return signed + "." + base64(sign(Array(signed.utf8)))
    }

    static func base64(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}

/// A private key of a test.
final class SigningKey: @unchecked Sendable {
    private let key: OpaquePointer
    let id: String
    let algorithm: String

    init(p256 id: String) throws {
        self.id = id
        algorithm = "ES256"
        key = try #require(test_make_p256_key())
    }

    init(rsa id: String, bits: Int32 = 2048) throws {
        self.id = id
        algorithm = "RS256"
        key = try #require(test_make_rsa_key(bits))
    }

    deinit { test_release_key(key) }

    func sign(_ bytes: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 1024) { buffer, count in
            count = test_sign(key, bytes, bytes.count, buffer.baseAddress, buffer.count)
        }
    }

    /// The modulus of an RSA key.
    var modulus: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 1024) { buffer, count in
            count = test_rsa_modulus(key, buffer.baseAddress, buffer.count)
        }
    }

    /// The public half, as a JSON web key.
    var jwk: JSONValue {
        let common: [JSONValue.Member] = [
            .init("kid", .string(id)), .init("alg", .string(algorithm)), .init("use", "sig"),
        ]
        if algorithm == "RS256" {
            return .object(
                common + [
                    .init("kty", "RSA"), .init("n", .string(TokenMaker.base64(modulus))), .init("e", "AQAB"),
                ]
            )
        }
        var x = [UInt8](repeating: 0, count: 32)
        var y = x
        precondition(test_p256_coordinates(key, &x, &y) == 1)
        return .object(
            common + [
                .init("kty", "EC"), .init("crv", "P-256"), .init("x", .string(TokenMaker.base64(x))),
                .init("y", .string(TokenMaker.base64(y))),
            ]
        )
    }

    /// A token that this key signs.
    func token(_ claims: JSONValue = TokenMaker.claims(), header: JSONValue? = nil) -> String {
        let header = header ?? TokenMaker.header(algorithm, kid: id)
        return TokenMaker.token(header.bytes, claims.bytes, sign: sign)
    }
}
