import HTTPTypes
import Testing

@testable import Web

/// Who may do what, and how refusals look.
struct AccessTests {
    private static let protected: [(HTTPRequest.Method, String)] = [
        (.post, "/api/leads"), (.post, "/api/leads/route"), (.post, "/api/leads/decode"), (.get, "/api/leads"),
        (.get, "/api/leads/x"), (.get, "/api/rules"), (.post, "/api/rules"), (.get, "/api/rules/x"),
        (.patch, "/api/rules/x"), (.delete, "/api/rules/x"), (.get, "/api/workspaces"), (.post, "/api/workspaces"),
        (.get, "/api/workspaces/x"), (.patch, "/api/workspaces/x"), (.delete, "/api/workspaces/x"),
        (.get, "/api/agreements"), (.post, "/api/agreements"), (.get, "/api/agreements/x/y"),
        (.delete, "/api/agreements/x/y"), (.post, "/api/erasures"),
    ]

    @Test func withoutAKeyEverythingIsClosed() async throws {
        try await TestServer.run { server in
            for (method, path) in Self.protected {
                for key in [nil, "wrong-key", ""] {
                    let answer = try await server.send(method, path, key: key)
                    #expect(answer.isProblem(401), "\(method) \(path)")
                    #expect(answer.headers[.wwwAuthenticate]?.hasPrefix("Bearer") == true)
                }
            }
        }
    }

    @Test func aKeyWithoutTheScopeHearsItsName() async throws {
        try await TestServer.run { server in
            for (method, path) in Self.protected where !(method == .get && path.hasPrefix("/api/leads")) {
                let answer = try await server.send(method, path, key: "reader-key")
                #expect(answer.isProblem(403), "\(method) \(path)")
                #expect(answer["detail"]?.string?.contains(":") == true)
            }
            #expect(try await server.get("/api/leads", key: "reader-key").status == 200)
            let submit = try await server.post("/api/leads", #"{"email":"a@b.co"}"#, key: "reader-key")
            #expect(submit["detail"]?.string?.contains("leads:write") == true)
        }
    }

    @Test func otherSchemesAreNoKeys() async throws {
        try await TestServer.run { server in
            for header in ["Basic alpha-key", "alpha-key", "Bearer", "bearer"] {
                let answer = try await server.send(.get, "/api/leads", key: nil, headers: [.authorization: header])
                #expect(answer.isProblem(401))
            }
            let lower = try await server.send(
                .get,
                "/api/leads",
                key: nil,
                headers: [.authorization: "bearer alpha-key"]
            )
            #expect(lower.status == 200)
        }
    }

    @Test func openPathsNeedNoKey() async throws {
        try await TestServer.run { server in
            for path in ["/api/health", "/healthz", "/readyz", "/openapi.yaml"] {
                let answer = try await server.get(path, key: nil)
                #expect(answer.status == 200)
            }
        }
    }
}
