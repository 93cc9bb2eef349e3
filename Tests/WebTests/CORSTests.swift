import HTTPTypes
import Testing
import WebTestSupport

@testable import Web

/// Calls by scripts of pages of other origins.
struct CORSTests {
    private static let app: HTTPFields = [.origin: "https://app.example.com"]
    private static let preflight: HTTPFields = [
        .origin: "https://app.example.com", .accessControlRequestMethod: "PATCH",
        .accessControlRequestHeaders: "authorization,if-match",
    ]

    @Test func nothingIsAllowedByDefault() async throws {
        try await TestServer.run(.withoutDatabase()) { server in
            for (method, headers) in [(HTTPRequest.Method.get, Self.app), (.options, Self.preflight)] {
                let answer = try await server.send(method, "/api/rules", key: nil, headers: headers)
                for field in answer.headers { #expect(!field.name.canonicalName.hasPrefix("access-control")) }
                #expect(answer.headers[.vary] == nil)
            }
        }
    }

    @Test func configuredOriginsMayCall() async throws {
        let policy = try #require(CORSPolicy("https://app.example.com, http://localhost:3000"))
        let mount = MountedEndpoint(path: "/metrics", methods: ["GET"]) { _ in .init(status: 200, headers: [], body: [])
        }
        try await TestServer.run(.withoutDatabase(), cors: policy, mounts: [mount]) { server in
            let preflight = try await server.send(.options, "/api/rules/x", key: nil, headers: Self.preflight)
            #expect(preflight.status == 204)
            #expect(preflight.headers[.accessControlAllowOrigin] == "https://app.example.com")
            #expect(preflight.headers[.accessControlAllowMethods] == "GET, PATCH, DELETE, HEAD, OPTIONS")
            #expect(preflight.headers[.accessControlAllowHeaders]?.contains("If-Match") == true)
            #expect(preflight.headers[.accessControlMaxAge] == "600")
            #expect(preflight.headers[.vary]?.hasPrefix("Origin, Access-Control-Request-Method") == true)
            // Errors too: the page is to see why.
            let refused = try await server.send(.get, "/api/rules", key: nil, headers: Self.app)
            #expect(refused.isProblem(401) && refused.headers[.accessControlAllowOrigin] == "https://app.example.com")
            #expect(refused.headers[.accessControlExposeHeaders]?.contains("ETag") == true)
            #expect(refused.headers[.accessControlAllowCredentials] == nil)
            // Another origin gets no permission, and caches learn that the answer depends on the origin.
            for origin in [
                "https://evil.example", "null", "https://app.example.com.evil.example", "http://app.example.com",
            ] {
                var headers = Self.preflight
                headers[.origin] = origin
                for method in [HTTPRequest.Method.get, .options] {
                    let other = try await server.send(method, "/api/rules", key: nil, headers: headers)
                    #expect(other.headers[.accessControlAllowOrigin] == nil, "\(origin)")
                    #expect(other.headers[.accessControlAllowMethods] == nil, "\(origin)")
                    #expect(other.headers[.vary] == "Origin")
                }
            }
            #expect(try await server.get("/healthz", key: nil).headers[.vary] == "Origin")
            // A path that does not exist has no methods, and no page calls an endpoint with its own protocol.
            let nowhere = try await server.send(.options, "/nowhere", key: nil, headers: Self.preflight)
            #expect(nowhere.isProblem(404) && nowhere.headers[.accessControlAllowMethods] == nil)
            let metrics = try await server.send(.get, "/metrics", key: nil, headers: Self.app)
            #expect(metrics.headers[.accessControlAllowOrigin] == nil)
        }
    }

    @Test func anyOriginGetsNoCredentials() async throws {
        try await TestServer.run(.withoutDatabase(), cors: .any) { server in
            let answer = try await server.send(.get, "/api/rules", key: nil, headers: Self.app)
            #expect(answer.headers[.accessControlAllowOrigin] == "*")
            #expect(answer.headers[.accessControlAllowCredentials] == nil && answer.headers[.vary] == nil)
        }
    }

    @Test func settingIsRead() {
        #expect(CORSPolicy("*") == .any)
        #expect(CORSPolicy("https://a.example") == .origins(["https://a.example"]))
        #expect(
            CORSPolicy("http://[::1]:8080,https://b.example:8443")
                == .origins(["http://[::1]:8080", "https://b.example:8443"])
        )
        for text in [
            "", ",", "a.example", "https://a.example/", "https://a.example/x", "https://A.example", "https://*.example",
            "*, https://a.example", "ftp://a.example", "https://u@a.example", "https://a.example:443",
            "http://a.example:80",
            "https://a.example:0", "https://a.example:99999", "https://", "null", "https://a.example:",
        ] { #expect(CORSPolicy(text) == nil, "\(text)") }
    }
}
