import FoundationEssentials
import HTTPTypes
import LeadRouting
import Logging
import RoutingRules
import Synchronization
import Testing
import WebTestSupport

@testable import Web

/// The scopes of keys, and what the log records of requests.
struct AccessTests {
    /// The scopes come from the router, so that a new route is tested.
    @Test func guardedRoutesRequireTheirScopes() async throws {
        try await APIFixture.with { api in
            let routes = API(useCases: api.useCases, version: "1.0.0", limits: .init(), mounts: []).routes().all
            var count = 0
            for route in routes {
                guard case .scopes(let scopes) = route.access else { continue }
                count += 1
                let path = route.path.split(separator: "/")
                    .map { $0.hasPrefix(":") ? "/" + APIFixture.id(9).text : "/" + $0 }.joined()
                for key in [nil, "", "unknown-key"] {
                    let answer = try await api.server.send(route.method, path, key: key)
                    #expect(answer.isProblem(401), "\(route.method) \(path)")
                    #expect(answer.headers[.wwwAuthenticate]?.hasPrefix("Bearer") == true)
                }
                for scope in scopes {
                    let key = try await api.key(withAllScopesBut: scope)
                    let answer = try await api.server.send(route.method, path, key: key)
                    #expect(answer.isProblem(403), "\(route.method) \(path)")
                    #expect(answer["detail"]?.string?.contains(scope.rawValue) == true, "\(route.method) \(path)")
                }
            }
            #expect(count > 40)
        }
    }

    @Test func openRoutesNeedNoKey() async throws {
        try await APIFixture.with { api in
            let routes = API(useCases: api.useCases, version: "1.0.0", limits: .init(), mounts: []).routes().all
            let open = routes.filter { $0.access == .open }
            #expect(
                open.map(\.path).sorted() == [
                    "/api/health", "/api/session", "/api/session/link", "/docs", "/docs/style.css", "/healthz",
                    "/link", "/openapi.json", "/openapi.yaml",
                    "/problems",
                    "/problems/:type", "/readyz",
                ]
            )
            // The others read a password or the secret of a link instead.
            for route in open where route.method == .get {
                let path = route.path.replacing(":type", with: "invalid")
                let answer = try await api.server.send(route.method, path, key: nil)
                #expect(answer.status == 200, "\(route.path)")
            }
        }
    }

    @Test func administratorEndpointRefusesWorkspaceKey() async throws {
        let guarded = MountedEndpoint(path: "/api/guarded", methods: ["POST"]) { request in
            try await request.requireAdministrator(.routingWrite)
            return MountedEndpoint.Answer(status: 204, headers: [], body: [])
        }
        try await APIFixture.with(mounts: [guarded]) { api in
            let refused = try await api.server.post("/api/guarded", "{}")
            #expect(refused.isProblem(403))
            #expect(try await api.server.post("/api/guarded", "{}", key: "admin-key").status == 204)
        }
    }

    @Test func logHoldsNoPersonalData() async throws {
        let lines = Mutex<[String]>([])
        let logger = Logger(label: "web-tests") { _ in
            RecordingLogHandler { line in lines.withLock { $0.append(line) } }
        }
        try await APIFixture.with(logger: logger) { api in
            _ = try await api.server.post("/api/leads", #"{"email":"canary@example.com","phone":"+1 415 555 0199"}"#)
            _ = try await api.server.post("/api/leads", #"{"email":"canary","firstName":7}"#)
            _ = try await api.server.get("/api/leads?email=canary%40example.com")
            _ = try await api.server.get("/api/leads/canary", key: "canary-key")
            let text = lines.withLock { $0.joined(separator: "\n") }
            #expect(!text.contains(api.tokens["alpha-key"] ?? "swy_"))
        }
        let text = lines.withLock { $0.joined(separator: "\n") }
        #expect(!text.lowercased().contains("canary") && !text.contains("0199"))
        #expect(text.contains("/api/leads"))
        // One for each request, and one for the wrong key.
        #expect(lines.withLock { $0.count } == 5)
    }
}
