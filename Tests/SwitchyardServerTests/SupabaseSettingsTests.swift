import Outbound
import Testing

@testable import SwitchyardServer

/// The settings of sessions.
struct SupabaseSettingsTests {
    private func settings(_ variables: [String: String]) throws -> SupabaseSettings {
        try Settings(variables: variables).supabase
    }

    private struct Silent: HTTPTransport {
        func send(_ request: OutboundRequest) async throws -> OutboundResponse { OutboundResponse(status: 404) }
    }

    private func accepts(_ variables: [String: String]) throws -> Bool {
        try settings(variables).verifier(transport: Silent()) { _ in } != nil
    }

    @Test func projectNamesKeySetAndIssuer() throws {
        for url in ["https://project.supabase.co", "https://project.supabase.co/"] {
            let settings = try settings(["SUPABASE_URL": url])
            #expect(settings.issuer == "https://project.supabase.co/auth/v1" && settings.audience == "authenticated")
            #expect(settings.keySet?.text == "https://project.supabase.co/auth/v1/.well-known/jwks.json")
        }
        let own = try settings([
            "SUPABASE_URL": "http://127.0.0.1:54321", "SUPABASE_JWT_ISSUER": "https://auth.example",
            "SUPABASE_JWT_AUDIENCE": "leads",
        ])
        #expect(own.issuer == "https://auth.example" && own.audience == "leads")
    }

    @Test func sessionsAreAcceptedIfSomethingVerifiesThem() throws {
        let secret = String(repeating: "s", count: 32)
        #expect(try !accepts([:]))
        #expect(try !accepts(["SUPABASE_JWT_ISSUER": "https://auth.example"]))
        #expect(try accepts(["SUPABASE_URL": "https://project.supabase.co"]))
        #expect(try accepts(["SUPABASE_JWT_SECRET": secret, "SUPABASE_JWT_ISSUER": "https://auth.example"]))
    }

    @Test(arguments: [
        ["SUPABASE_JWT_SECRET": "short", "SUPABASE_URL": "https://project.supabase.co"],
        ["SUPABASE_JWT_SECRET": String(repeating: "s", count: 31), "SUPABASE_URL": "https://project.supabase.co"],
        ["SUPABASE_JWT_SECRET": String(repeating: "s", count: 32)],
        ["SUPABASE_URL": "http://project.supabase.co"], ["SUPABASE_URL": "project.supabase.co"],
    ])
    func unsafeSettingsAreRefused(variables: [String: String]) {
        let error = #expect(throws: SettingsError.self) { try settings(variables) }
        #expect(error?.name.hasPrefix("SUPABASE_") == true)
        #expect(error.map { !"\($0)".contains("short") } == true)
    }
}
