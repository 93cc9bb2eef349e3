import Addresses
import FoundationEssentials
import HTTPTypes
import LeadRouting
import LeadStore
import Logging
import RoutingRules
import Synchronization
import Testing
import WebTestSupport

@testable import Web

/// Keys, suspensions and test leads over HTTP.
struct KeyRoutesTests {
    @Test func keyIsMadeRolledAndRevoked() async throws {
        try await APIFixture.with { api in
            let body = """
                {"workspaceId":"\(APIFixture.alpha.text)","name":"site","scopes":["leads:write"],
                 "allowedAddresses":["192.0.2.7/24","::/0"],"expiresInDays":10}
                """
            let made = try await api.server.post("/api/keys", body, key: "admin-key")
            #expect(made.status == 201)
            let token = try #require(made["token"]?.string)
            let id = try #require(made["id"]?.string)
            #expect(token.hasPrefix("swy_live_") && made["test"]?.bool == false)
            #expect(made["allowedAddresses"]?.array?.compactMap(\.string) == ["192.0.2.0/24", "::/0"])
            let listed = try await api.server.get("/api/keys", key: "admin-key")
            #expect(listed["keys"]?.array?.contains { $0["id"]?.string == id } == true)
            #expect(listed.text.contains(token.suffix(38)) == false)

            let rolled = try await api.server.post("/api/keys/\(id)/roll", #"{"overlapSeconds":0}"#, key: "admin-key")
            #expect(rolled.status == 201 && rolled["token"]?.string?.hasPrefix("swy_live_") == true)
            let again = try await api.server.post("/api/keys/\(id)/roll", #"{"overlapSeconds":0}"#, key: "admin-key")
            #expect(again.isProblem(409) || again.isProblem(404))
            let new = try #require(rolled["id"]?.string)
            #expect(try await api.server.send(.delete, "/api/keys/\(new)", key: "admin-key").status == 204)
            #expect(try await api.server.send(.delete, "/api/keys/\(new)", key: "admin-key").isProblem(404))
            #expect(try await api.server.send(.delete, "/api/keys/\(new)", key: "alpha-key").isProblem(404))
            for wrong in [
                #"{"name":"k","allowedAddresses":["somewhere"]}"#, #"{"name":"k","scopes":["everything"]}"#,
                #"{"name":"k","expiresInDays":0}"#, #"{"name":"k","test":true}"#, "{}",
            ] {
                #expect(try await api.server.post("/api/keys", wrong, key: "admin-key").isProblem(422), "\(wrong)")
            }
        }
    }

    @Test func suspendedWorkspaceIsAnsweredWithTheReason() async throws {
        try await APIFixture.with { api in
            let path = "/api/workspaces/\(APIFixture.alpha.text)/suspension"
            let body = Array(#"{"reason":"Spam reported on 3 May."}"#.utf8)
            #expect(try await api.server.send(.put, path, key: "alpha-key", bytes: body).isProblem(403))
            let suspended = try await api.server.send(.put, path, key: "admin-key", bytes: body)
            #expect(suspended.status == 200 && suspended["changed"]?.bool == true)
            #expect(suspended["settled"]?.bool == true)
            #expect(suspended["workspace"]?["suspensionReason"]?.string == "Spam reported on 3 May.")
            // Alpha's key was not used before, so it is looked up now; how soon others follow is KeyRingTests'.
            for (method, path) in [("GET", "/api/leads"), ("GET", "/api/rules"), ("DELETE", path)] {
                let answer = try await api.server.send(
                    .init(rawValue: method) ?? .get,
                    path,
                    key: "reader-key"
                )
                #expect(answer.isProblem(403))
                #expect(answer["type"]?.string == "/problems/workspace-suspended")
                #expect(answer["detail"]?.string?.contains("Spam reported on 3 May.") == true)
            }
            let lead = #"{"workspaceId":"\#(APIFixture.alpha.text)","email":"a@example.com"}"#
            let refused = try await api.server.post("/api/leads", lead, key: "admin-key")
            #expect(refused.isProblem(403))
            #expect(refused["type"]?.string == "/problems/workspace-suspended")
            #expect(try await api.leadCount() == 0)
            #expect(try await api.server.send(.delete, path, key: "admin-key")["changed"]?.bool == true)
            #expect(try await api.server.post("/api/leads", lead, key: "admin-key").status == 201)
        }
    }

    @Test func testKeySendsTestLeads() async throws {
        try await APIFixture.with { api in
            let made = try await api.server.post(
                "/api/keys",
                #"{"workspaceId":"\#(APIFixture.alpha.text)","name":"ci","test":true}"#,
                key: "admin-key"
            )
            let token = try #require(made["token"]?.string)
            #expect(token.hasPrefix("swy_test_"))
            let sent = try await api.server.post("/api/leads", #"{"email":"a@example.com","sourceId":"7"}"#, key: token)
            #expect(sent.status == 201 && sent["test"]?.bool == true && sent["status"]?.string == "routed")
            let location = try #require(sent.headers[.location])
            #expect(location.hasPrefix("/api/test-leads/"))
            let read = try await api.server.get(location, key: token)
            #expect(
                read.status == 200 && read["lead"]?["sourceId"]?.string == "7" && !read.text.contains("a@example.com")
            )
            let listed = try await api.server.get("/api/test-leads?limit=5", key: "alpha-key")
            #expect(listed["leads"]?.array?.count == 1)
            #expect(try await api.server.get("/api/test-leads", key: "beta-key")["leads"]?.array?.isEmpty == true)
            #expect(try await api.leadCount() == 0)
            for path in ["/api/leads", "/api/rules", "/api/keys"] {
                #expect(try await api.server.get(path, key: token).isProblem(403), "\(path)")
            }
            // A real lead has no mark.
            let real = try await api.server.post("/api/leads", #"{"email":"a@example.com"}"#)
            #expect(real.status == 201 && real["test"] == nil)
        }
    }

    @Test func wrongKeysAreLimitedAndLoggedOnce() async throws {
        let lines = Mutex<[String]>([])
        var logger = Logger(label: "web-tests") { _ in
            RecordingLogHandler { line in lines.withLock { $0.append(line) } }
        }
        logger.logLevel = .info
        try await APIFixture.with(logger: logger, failedKeys: FailedKeys(limit: 5)) { api in
            for _ in 0..<5 { #expect(try await api.server.get("/api/leads", key: "swy_live_wrong").isProblem(401)) }
            for _ in 0..<50 {
                let answer = try await api.server.get("/api/leads", key: "swy_live_wrong")
                #expect(answer.isProblem(429))
                let seconds = answer.headers[.retryAfter].flatMap { Int($0) } ?? 0
                #expect(1...61 ~= seconds)
            }
        }
        let text = lines.withLock { $0.filter { !$0.hasPrefix("debug") && !$0.hasPrefix("trace") } }
        #expect(text.count == 2, "\(text)")
        #expect(text.allSatisfy { !$0.contains("swy_live_wrong") })
    }

    /// The forwarded address counts only if a trusted proxy names it.
    @Test(arguments: [
        ("192.0.2.1", ["198.51.100.7"], "", "192.0.2.1"),
        ("10.0.0.1", ["198.51.100.7"], "10.0.0.0/8", "198.51.100.7"),
        ("192.0.2.1", ["198.51.100.7"], "10.0.0.0/8", "192.0.2.1"),
        ("10.0.0.1", ["203.0.113.5, 198.51.100.7, 10.0.0.2"], "10.0.0.0/8", "198.51.100.7"),
        ("10.0.0.1", ["203.0.113.5", "198.51.100.7:4711"], "10.0.0.0/8", "198.51.100.7"),
        ("10.0.0.1", ["[2001:db8::7]:4711"], "10.0.0.0/8", "2001:db8::7"),
        ("10.0.0.1", ["2001:db8::7"], "10.0.0.0/8", "2001:db8::7"),
        ("10.0.0.1", ["198.51.100.7, unknown"], "10.0.0.0/8", "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.7,"], "10.0.0.0/8", "10.0.0.1"),
        ("10.0.0.1", ["10.0.0.9, 10.0.0.2"], "10.0.0.0/8", "10.0.0.9"),
        ("10.0.0.1", [], "10.0.0.0/8", "10.0.0.1"),
        ("::ffff:10.0.0.1", ["198.51.100.7"], "10.0.0.0/8", "198.51.100.7"),
    ])
    func clientAddressIsOfTheTrustedProxy(peer: String, fields: [String], proxies: String, client: String) throws {
        let found = WebContext.client(
            behind: try #require(IPAddress(peer)),
            forwardedFor: fields,
            trusting: proxies.isEmpty ? [] : [try #require(IPNetwork(proxies))]
        )
        #expect(found.description == client)
    }
}
