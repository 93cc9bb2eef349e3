import Digests
import FoundationEssentials
import JSON
import Testing

@testable import Accounts

/// Sessions of Supabase: accepted as they are issued, and refused in every forged form.
struct SessionVerifierTests {
    private let ec: SigningKey
    private let rsa: SigningKey
    private let stranger: SigningKey
    private let verifier: SessionVerifier

    init() throws {
        ec = try SigningKey(p256: "ec-1")
        rsa = try SigningKey(rsa: "rsa-1")
        stranger = try SigningKey(p256: "ec-1")
        let set = JSONValue.object([.init("keys", .array([ec.jwk, rsa.jwk]))]).bytes
        verifier = try #require(
            SessionVerifier(
                issuer: TokenMaker.issuer,
                audience: "authenticated",
                secret: TokenMaker.secret,
                keys: KeySetCache { set }
            )
        )
    }

    private static func hs256(_ bytes: [UInt8]) -> [UInt8] {
        SHA256.authenticationCode(of: bytes, key: TokenMaker.secret)
    }

    private static func symmetric(
        _ claims: JSONValue = TokenMaker.claims(),
        header: JSONValue = TokenMaker.header("HS256")
    ) -> String {
        TokenMaker.token(header.bytes, claims.bytes, sign: hs256)
    }

    private func refusal(of token: String, at seconds: Int64 = TokenMaker.now) async throws -> TokenRefusal? {
        do {
            _ = try await verifier.claims(of: token, at: seconds)
            return nil
        } catch let refusal as TokenRefusal {
            return refusal
        }
    }

    @Test func sessionsOfTheThreeAlgorithmsAreAccepted() async throws {
        for token in [Self.symmetric(), ec.token(), rsa.token()] {
            let claims = try await verifier.claims(of: token, at: TokenMaker.now)
            #expect(claims.subject == UUID(uuidString: TokenMaker.person))
            #expect(claims.email == "person@example.com" && claims.expiresAt == TokenMaker.now + 3600)
        }
        // As an array, without an issue time, with a key id that names nothing, and with a type in capitals.
        let others = [
            Self.symmetric(TokenMaker.claims(["aud": ["other", "authenticated"]])),
            Self.symmetric(TokenMaker.claims(["iat": .null, "email": .null])),
            Self.symmetric(header: TokenMaker.header("HS256", kid: "../../etc/passwd")),
            ec.token(header: .object([.init("alg", "ES256"), .init("kid", "ec-1"), .init("typ", "jwt")])),
            ec.token(header: .object([.init("kid", "ec-1"), .init("alg", "ES256")])),
        ]
        for token in others { #expect(try await refusal(of: token) == nil) }
    }

    @Test func timesAreComparedWithTheLeeway() async throws {
        let token = ec.token(TokenMaker.claims(["nbf": JSONValue(TokenMaker.now - 10)]))
        let (start, end) = (TokenMaker.now - 10, TokenMaker.now + 3600)
        #expect(try await refusal(of: token, at: end + 29) == nil)
        #expect(try await refusal(of: token, at: end + 30) == .expired)
        #expect(try await refusal(of: token, at: start - 30) == nil)
        #expect(try await refusal(of: token, at: start - 31) == .notYetValid)
        let strict = try #require(
            SessionVerifier(
                issuer: TokenMaker.issuer,
                audience: "authenticated",
                secret: TokenMaker.secret,
                keys: nil,
                leeway: 0
            )
        )
        await #expect(throws: TokenRefusal.expired) { _ = try await strict.claims(of: Self.symmetric(), at: end) }
    }

    /// Every way to write claims that are not a session's.
    @Test func wrongClaimsAreRefused() async throws {
        let cases: [(String, [String: JSONValue], TokenRefusal)] = [
            ("another issuer", ["iss": "https://attacker.example/auth/v1"], .issuer),
            ("an issuer with a slash more", ["iss": .string(TokenMaker.issuer + "/")], .issuer),
            ("no issuer", ["iss": .null], .issuer),
            ("a list of issuers", ["iss": [.string(TokenMaker.issuer)]], .issuer),
            ("another audience", ["aud": "anon"], .audience),
            ("no audience", ["aud": .null], .audience),
            ("an empty audience", ["aud": []], .audience),
            ("an audience that begins alike", ["aud": "authenticated-else"], .audience),
            ("an audience within an object", ["aud": ["authenticated": true]], .audience),
            ("expired", ["exp": JSONValue(TokenMaker.now - 31)], .expired),
            ("expired long ago", ["exp": .number("-1e300")], .expired),
            ("no expiry", ["exp": .null], .claims),
            ("expiry as text", ["exp": .string(String(TokenMaker.now + 3600))], .claims),
            ("expiry in another era", ["exp": .number("1e300")], .claims),
            ("expiry beyond numbers", ["exp": .number("1e999")], .claims),
            ("expiry as truth", ["exp": true], .claims),
            ("not valid yet", ["nbf": JSONValue(TokenMaker.now + 31)], .notYetValid),
            ("not-before as text", ["nbf": "0"], .claims),
            ("issued tomorrow", ["iat": JSONValue(TokenMaker.now + 86_400)], .notYetValid),
            ("the service role", ["role": "service_role"], .role),
            ("the anonymous key", ["role": "anon"], .role),
            ("the owner of the database", ["role": "postgres"], .role),
            ("no role", ["role": .null], .role),
            ("an anonymous visitor", ["is_anonymous": true], .role),
            ("no subject", ["sub": .null], .subject),
            ("a subject of another form", ["sub": "admin"], .subject),
            ("a subject with SQL", ["sub": "' OR 1=1 --"], .subject),
            ("a subject that is a number", ["sub": 1], .subject),
        ]
        for (name, changes, expected) in cases {
            let claims = TokenMaker.claims(changes)
            for token in [Self.symmetric(claims), ec.token(claims), rsa.token(claims)] {
                #expect(try await refusal(of: token) == expected, "\(name)")
            }
        }
        for payload in ["", "null", "[]", "\"text\"", "{", #"{"sub":"a","sub":"b"}"#, "{}x", "\u{FEFF}{}"] {
            let token = TokenMaker.token(TokenMaker.header("HS256").bytes, Array(payload.utf8), sign: Self.hs256)
            #expect(try await refusal(of: token) == .claims, "\(payload)")
        }
        let twice = TokenMaker.claims().json.dropLast() + #","role":"service_role"}"#
        let token = TokenMaker.token(TokenMaker.header("HS256").bytes, Array(twice.utf8), sign: Self.hs256)
        #expect(try await refusal(of: token) == .claims, "a role twice")
    }

    /// Every way to have a token verified by something else than the key that issued it.
    @Test func forgedHeadersAreRefused() async throws {
        let attacker = try SigningKey(p256: "attacker")
        let pem = Array("-----BEGIN PUBLIC KEY-----".utf8)
        func forged(_ header: JSONValue, key: [UInt8] = TokenMaker.secret) -> String {
            TokenMaker.token(header.bytes, TokenMaker.claims().bytes) { SHA256.authenticationCode(of: $0, key: key) }
        }
        func unsigned(_ algorithm: String) -> String {
            TokenMaker.token(TokenMaker.header(algorithm).bytes, TokenMaker.claims().bytes) { _ in [] }
        }
        let x = try #require(ec.jwk["x"]?.string).utf8
        var cases: [(String, String, TokenRefusal)] = [
            ("none", unsigned("none"), .algorithm), ("None", unsigned("None"), .algorithm),
            ("NONE", unsigned("NONE"), .algorithm), ("an empty algorithm", unsigned(""), .algorithm),
            ("HS256 unsigned", unsigned("HS256"), .signature),
            (
                "HS256 with the modulus as secret", forged(TokenMaker.header("HS256", kid: "rsa-1"), key: rsa.modulus),
                .signature
            ),
            (
                "HS256 with a coordinate as secret", forged(TokenMaker.header("HS256", kid: "ec-1"), key: Array(x)),
                .signature
            ),
            ("HS256 with the key as text", forged(TokenMaker.header("HS256", kid: "ec-1"), key: pem), .signature),
            ("HS256 with an empty secret", forged(TokenMaker.header("HS256"), key: []), .signature),
            ("ES256 signed by the secret", forged(TokenMaker.header("ES256", kid: "ec-1")), .signature),
            ("HS384", forged(TokenMaker.header("HS384")), .algorithm),
            ("hs256", forged(TokenMaker.header("hs256")), .algorithm),
            ("PS256 with a key of RS256", rsa.token(header: TokenMaker.header("PS256", kid: "rsa-1")), .algorithm),
            ("RS512", rsa.token(header: TokenMaker.header("RS512", kid: "rsa-1")), .algorithm),
            ("RS256 for a key of ES256", rsa.token(header: TokenMaker.header("RS256", kid: "ec-1")), .algorithm),
            ("ES256 for a key of RS256", ec.token(header: TokenMaker.header("ES256", kid: "rsa-1")), .algorithm),
            ("a key of the attacker", attacker.token(), .unknownKey),
            ("a key of the attacker under the issuer's id", stranger.token(), .signature),
            ("no key id", ec.token(header: TokenMaker.header("ES256")), .unknownKey),
            ("a path as key id", ec.token(header: TokenMaker.header("ES256", kid: "../../dev/null")), .unknownKey),
            ("SQL as key id", ec.token(header: TokenMaker.header("ES256", kid: "x' UNION SELECT 'a")), .unknownKey),
            ("a key id with a NUL", ec.token(header: TokenMaker.header("ES256", kid: "ec-1\u{0}")), .unknownKey),
            ("an empty key id", ec.token(header: TokenMaker.header("ES256", kid: "")), .malformed),
            (
                "a long key id", ec.token(header: TokenMaker.header("ES256", kid: String(repeating: "k", count: 129))),
                .malformed
            ),
            (
                "another type",
                ec.token(header: .object([.init("alg", "ES256"), .init("kid", "ec-1"), .init("typ", "at+jwt")])),
                .headerNotAllowed("typ")
            ),
            ("an algorithm as list", forged(.object([.init("alg", ["HS256"])])), .malformed),
            ("no algorithm", forged(.object([.init("typ", "JWT")])), .malformed),
            ("two algorithms", forged(.object([.init("alg", "none"), .init("alg", "HS256")])), .malformed),
        ]
        for (name, value) in [
            ("jku", "https://attacker.example/keys"), ("x5u", "https://attacker.example/key"), ("jwk", attacker.jwk),
            ("x5c", ["MIIB"]), ("crit", ["exp"]), ("crit", []), ("b64", false), ("zip", "DEF"), ("enc", "A256GCM"),
        ] as [(String, JSONValue)] {
            let header = TokenMaker.header("ES256", kid: "ec-1", [.init(name, value)])
            cases.append(("\(name) in the header", ec.token(header: header), .headerNotAllowed(name)))
        }
        for (name, token, expected) in cases { #expect(try await refusal(of: token) == expected, "\(name)") }
    }

    /// Every way to write the text of a token in another form.
    @Test func malformedTextsAreRefused() async throws {
        let token = ec.token()
        let parts = token.split(separator: ".").map(String.init)
        let texts: [(String, String)] = [
            ("empty", ""), ("full stops", ".."), ("two parts", parts[0] + "." + parts[1]),
            ("four parts", token + ".x"), ("an encrypted token", token + ".a.b"), ("a full stop more", token + "."),
            ("no signature", parts[0] + "." + parts[1] + "."), ("no payload", parts[0] + ".." + parts[2]),
            ("a space before", " " + token), ("a line feed after", token + "\n"), ("padding", token + "="),
            ("the usual alphabet", parts[0] + "." + parts[1] + "." + parts[2].dropLast(2) + "+/"),
            ("as JSON", #"{"payload":"\#(parts[1])","protected":"\#(parts[0])","signature":"\#(parts[2])"}"#),
            (
                "long",
                TokenMaker.token(
                    TokenMaker.header("HS256").bytes,
                    TokenMaker.claims(["user_metadata": .string(String(repeating: "x", count: 4000))]).bytes,
                    sign: Self.hs256
                )
            ),
            (
                "deep",
                TokenMaker.token(
                    Array((String(repeating: "[", count: 40) + String(repeating: "]", count: 40)).utf8),
                    TokenMaker.claims().bytes,
                    sign: Self.hs256
                )
            ),
            ("not UTF-8", TokenMaker.token([0xFF, 0xFE], TokenMaker.claims().bytes, sign: Self.hs256)),
        ]
        for (name, text) in texts { #expect(try await refusal(of: text) != nil, "\(name)") }
        // A signature is of every byte: one that is changed anywhere is refused.
        for index in token.indices where token[index] != "." {
            var changed = token
            changed.replaceSubrange(index...index, with: token[index] == "A" ? "B" : "A")
            #expect(try await refusal(of: changed) != nil, "at \(token.distance(from: token.startIndex, to: index))")
        }
    }

    @Test func keysThatAreNotSetVerifyNothing() async throws {
        let set = JSONValue.object([.init("keys", .array([ec.jwk]))]).bytes
        let (issuer, audience) = (TokenMaker.issuer, "authenticated")
        let asymmetric = try #require(
            SessionVerifier(issuer: issuer, audience: audience, secret: nil, keys: KeySetCache { set })
        )
        await #expect(throws: TokenRefusal.algorithm) {
            _ = try await asymmetric.claims(of: Self.symmetric(), at: TokenMaker.now)
        }
        let symmetric = try #require(
            SessionVerifier(issuer: issuer, audience: audience, secret: TokenMaker.secret, keys: nil)
        )
        await #expect(throws: TokenRefusal.algorithm) {
            _ = try await symmetric.claims(of: ec.token(), at: TokenMaker.now)
        }
        for count in [0, 1, 31] {
            let secret = [UInt8](repeating: 1, count: count)
            #expect(SessionVerifier(issuer: issuer, audience: audience, secret: secret, keys: nil) == nil)
        }
    }

    /// What the token says of a workspace is dropped, so that no hook of the project chooses one.
    @Test func claimsForTheDatabaseAreTheServers() async throws {
        let token = Self.symmetric(
            TokenMaker.claims(["switchyard_workspace_id": "forged", "sub": .string(TokenMaker.person.uppercased())])
        )
        let claims = try await verifier.claims(of: token, at: TokenMaker.now)
        let workspace = UUID()
        let json = try #require(JSONValue(json: claims.forDatabase(actingFor: workspace)))
        #expect(json["switchyard_workspace_id"]?.string == workspace.uuidString.lowercased())
        #expect(json["sub"]?.string == TokenMaker.person && json["role"]?.string == "authenticated")
        #expect(json.members?.count { $0.key == "switchyard_workspace_id" } == 1)
        #expect(json["app_metadata"]?["provider"]?.string == "email" && json["aal"]?.string == "aal1")
    }
}
