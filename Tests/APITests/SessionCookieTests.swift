import FoundationEssentials
import HTTPTypes
import LeadRouting
import RoutingRules
import Testing
import WebTestSupport

@testable import Web

/// Sessions in a cookie, which are accepted from this server's own pages only.
struct SessionCookieTests {
    private static func fields(_ pairs: [String: String]) -> HTTPFields {
        var fields: HTTPFields = [:]
        for (name, value) in pairs { if let name = HTTPField.Name(name) { fields[name] = value } }
        return fields
    }

    private static let ownPage = fields(["Sec-Fetch-Site": "same-origin"])

    /// The cookie of a user.
    private static func cookie(_ api: APIFixture) async throws -> String {
        _ = try await api.user("ada@example.com", in: APIFixture.alpha, as: .owner)
        let answer = try await api.signIn("ada@example.com", asksForCookie: true, headers: ownPage)
        #expect(answer.status == 201 && answer["token"] == nil && !answer.text.contains("swy_session_"))
        let header = try #require(answer.headers[.setCookie])
        let parts = header.split(separator: ";").map { $0.drop { $0 == " " } }
        #expect(Set(parts.dropFirst()) == ["Path=/", "HttpOnly", "Secure", "SameSite=Lax", "Max-Age=1209600"])
        #expect(parts[0].hasPrefix("__Host-switchyard=swy_session_"))
        return String(parts[0])
    }

    /// What a browser sends, and whether a request that reads or changes something is accepted.
    private static let browsers: [([String: String], Bool, Bool)] = [
        (["Sec-Fetch-Site": "same-origin"], true, true), (["Sec-Fetch-Site": "same-site"], false, false),
        (["Sec-Fetch-Site": "cross-site"], false, false), (["Sec-Fetch-Site": "none"], true, false),
        (["Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"], false, false),
        (["Origin": "http://localhost"], true, true), (["Origin": "https://localhost"], true, true),
        (["Origin": "https://localhost.example"], false, false), (["Origin": "null"], false, false),
        (["Origin": "https://evil.example"], false, false), ([:], true, false),
    ]

    @Test(arguments: browsers)
    func cookieIsAcceptedFromOwnPagesOnly(headers: [String: String], reads: Bool, changes: Bool) async throws {
        try await APIFixture.with { api in
            let cookie = try await Self.cookie(api)
            let fields = Self.fields(headers.merging(["Cookie": "a=b; \(cookie); c=d"]) { $1 })
            let read = try await api.server.send(.get, "/api/leads", key: nil, headers: fields)
            #expect(reads ? read.status == 200 : read.isProblem(403), "\(read.text)")
            let body = #"{"workspaceId":"\#(APIFixture.alpha.text)"}"#
            let change = try await api.server.post("/api/routing/pause", body, key: nil, headers: fields)
            #expect(changes ? change.status < 300 : change.isProblem(403), "\(change.text)")
            #expect(try await api.numbers("SELECT count(*) FROM switchyard.routing_pauses") == [changes ? 1 : 0])
        }
    }

    /// Another site must not sign a browser in.
    @Test func cookieIsSetForOwnPagesOnly() async throws {
        try await APIFixture.with { api in
            _ = try await api.user("ada@example.com", in: APIFixture.alpha, as: .owner)
            for headers in [[:], ["Sec-Fetch-Site": "cross-site"], ["Origin": "https://evil.example"]] {
                let answer = try await api.signIn(
                    "ada@example.com",
                    asksForCookie: true,
                    headers: Self.fields(headers)
                )
                #expect(answer.isProblem(403) && answer.headers[.setCookie] == nil)
            }
            #expect(try await api.signIn("ada@example.com").headers[.setCookie] == nil)
        }
    }

    @Test func headerGoesBeforeTheCookie() async throws {
        try await APIFixture.with { api in
            let cookie = try await Self.cookie(api)
            let evil = Self.fields(["Cookie": cookie, "Sec-Fetch-Site": "cross-site"])
            let byKey = try await api.server.send(.get, "/api/me", key: "alpha-key", headers: evil)
            #expect(byKey.status == 200 && byKey["kind"]?.string == "key")
            #expect(try await api.server.send(.get, "/api/me", key: "unknown", headers: evil).isProblem(401))
        }
    }

    @Test func signOutRemovesTheCookie() async throws {
        try await APIFixture.with { api in
            let fields = Self.fields(["Cookie": try await Self.cookie(api), "Sec-Fetch-Site": "same-origin"])
            let answer = try await api.server.send(.delete, "/api/session", key: nil, headers: fields)
            #expect(answer.status == 204)
            #expect(
                answer.headers[.setCookie] == "__Host-switchyard=; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=0"
            )
            #expect(try await api.server.send(.get, "/api/me", key: nil, headers: fields).isProblem(401))
        }
    }

    /// Only its own script runs in the page of a link, and nothing of it is kept.
    @Test func pageOfALinkRunsItsOwnScriptOnly() async throws {
        try await APIFixture.with { api in
            let (one, two) = (try await api.server.get("/link", key: nil), try await api.server.get("/link", key: nil))
            let policy = try #require(one.headers[.contentSecurityPolicy])
            let nonce = try #require(policy.split(separator: "'").first { $0.hasPrefix("nonce-") }?.dropFirst(6))
            #expect(one.text.contains(#"<script nonce="\#(nonce)">"#) && !two.text.contains(nonce))
            #expect(policy.hasPrefix("default-src 'none'") && !policy.contains("unsafe"))
            #expect(one.headers[.cacheControl] == "no-store")
        }
    }
}
