import Accounts
import Digests
import FoundationEssentials
import JSON
import RoutingRules

/// Sessions of persons, as Supabase issues them with a secret.
enum Session {
    private static let issuer = "https://project.example/auth/v1"
    private static let secret = Array("the secret of the project of these tests".utf8)

    /// The verifier of these sessions.
    static let verifier = SessionVerifier(issuer: issuer, audience: "authenticated", secret: secret, keys: nil)

    /// The token of a person, with some claims replaced.
    static func token(of person: UUID, lasting seconds: Int64 = 3600, _ changes: [String: JSONValue] = [:]) -> String {
        let now = Int64(Date().timeIntervalSince1970)
        var claims: [String: JSONValue] = [
            "iss": .string(issuer), "aud": "authenticated", "role": "authenticated", "sub": .string(person.text),
            "exp": JSONValue(now + seconds), "email": "person@example.com",
        ]
        for (name, value) in changes { claims[name] = value }
        let payload = JSONValue.object(claims.map { .init($0.key, $0.value) }).bytes
        let signed = base64(Array(#"{"alg":"HS256","typ":"JWT"}"#.utf8)) + "." + base64(payload)
        return signed + "." + base64(SHA256.authenticationCode(of: Array(signed.utf8), key: secret))
    }

    private static func base64(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}

extension APIFixture {
    /// Makes a person a member of workspaces; returns the person.
    func person(_ roles: [UUID: String], number: Int = 100) async throws -> UUID {
        let person = Self.id(number)
        for (workspace, role) in roles {
            try await run(
                "INSERT INTO user_workspaces (user_id, workspace_id, role) VALUES ('\(person.text)', '\(workspace.text)', '\(role)')"
            )
        }
        return person
    }
}
