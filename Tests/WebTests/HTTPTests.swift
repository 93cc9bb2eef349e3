import FoundationEssentials
import HTTPTypes
import Hummingbird
import LeadRouting
import Testing
import WebTestSupport

@testable import Web

/// What all endpoints share: paths, methods, media types, bounds of bodies, request ids.
struct HTTPTests {
    @Test func openPathsNeedNoKey() async throws {
        try await TestServer.run(.withoutDatabase()) { server in
            for path in ["/healthz", "/openapi.yaml"] {
                let answer = try await server.get(path, key: nil)
                #expect(answer.status == 200)
            }
        }
    }

    @Test func otherSchemesAreRefused() async throws {
        try await TestServer.run(.withoutDatabase()) { server in
            let body = #"{"email":"a@b.co","workspaceId":"00000000-0000-4000-8000-000000000001"}"#
            for header in ["Basic admin-key", "admin-key", "Bearer", "bearer", "Bearer wrong-key", "Bearer "] {
                let answer = try await server.post(
                    "/api/leads/decode",
                    body,
                    key: nil,
                    headers: [.authorization: header]
                )
                #expect(answer.isProblem(401), "\(header)")
                #expect(answer.headers[.wwwAuthenticate]?.hasPrefix("Bearer") == true)
            }
            let lower = try await server.post(
                "/api/leads/decode",
                body,
                key: nil,
                headers: [.authorization: "bearer admin-key"]
            )
            #expect(lower.status == 200)
        }
    }

    @Test func unknownPathsAndMethodsAreProblems() async throws {
        try await TestServer.run(.withoutDatabase()) { server in
            for path in ["/", "/api", "/api/lead", "/api/leads/x/y", "/api/rules/x/y", "//", "/%00", "/api/leads%2F"] {
                #expect(try await server.get(path).isProblem(404), "\(path)")
            }
            let put = try await server.send(.put, "/api/leads", bytes: [])
            #expect(put.isProblem(405))
            #expect(put.headers[.allow] == "POST, GET, HEAD, OPTIONS")
            #expect(try await server.get("/api/leads/route").isProblem(405))
            let odd = try #require(HTTPRequest.Method("BREW"))
            #expect(try await server.send(odd, "/api/leads").isProblem(404))
            let head = try await server.send(.head, "/healthz")
            #expect(head.status == 200)
            #expect(head.text.isEmpty)
        }
    }

    /// A resource has one path: another spelling of it is no path, whatever the route and the method.
    @Test(arguments: [
        "//healthz", "/healthz/", "/healthz//", "/./healthz", "/healthz/.", "/x/../healthz", "/%68ealthz",
        "/healthz%20",
        "/Healthz", "/HEALTHZ", "/healthz;a=b", "/healthz#a", "healthz", "http:///healthz", "ftp://localhost/healthz",
        "http://localhost//healthz", "/healthz\\", "/%2Fhealthz", "/healthz%00", "/héalthz", "", "?", "//", "/.", "/..",
        "*",
    ])
    func otherSpellingOfPathIsNotFound(target: String) async throws {
        try await TestServer.run(.withoutDatabase()) { server in
            for method in [HTTPRequest.Method.get, .head, .post] {
                let answer = try await server.send(method, target, key: nil)
                #expect(answer.status == 404, "\(method) \(target)")
            }
        }
    }

    @Test func exactPathIsFound() async throws {
        try await TestServer.run(.withoutDatabase()) { server in
            for target in [
                "/healthz", "/healthz?", "/healthz?a=//&b=%2F", "http://localhost/healthz", "HTTPS://a:1/healthz",
            ] {
                let answer = try await server.get(target, key: nil)
                #expect(answer.status == 200, "\(target)")
            }
        }
        #expect(ExactPathMiddleware.isExact("/"))
        #expect(ExactPathMiddleware.isExact("http://localhost"))
        #expect(ExactPathMiddleware.isExact("/.well-known/a..b/.../~x_y-z"))
    }

    @Test func onlyUTF8JSONIsAccepted() async throws {
        try await TestServer.run(.withoutDatabase()) { server in
            let body = #"{"email":"a@b.co","workspaceId":"00000000-0000-4000-8000-000000000001"}"#
            for type in ["text/csv", "application/x-www-form-urlencoded", "application/json; charset=latin1", ""] {
                let answer = try await server.post("/api/leads", body, headers: [.contentType: type])
                #expect(answer.isProblem(415), "\(type)")
            }
            let zipped = try await server.post("/api/leads", body, headers: [.contentEncoding: "gzip"])
            #expect(zipped.isProblem(415))
            for type in [
                "application/json", "application/json; charset=UTF-8", "Application/JSON", "application/ld+json",
            ] {
                let answer = try await server.post("/api/leads/decode", body, headers: [.contentType: type])
                #expect(answer.status == 200, "\(type)")
            }
        }
    }

    @Test func bodiesAreBounded() async throws {
        var limits = WebConfiguration.Limits()
        limits.leadBodyBytes = 2000
        limits.bodyBytes = 100
        try await TestServer.run(.withoutDatabase(), limits: limits) { server in
            let long = #"{"email":"a@b.co","metadata":{"x":""# + String(repeating: "y", count: 2000) + #""}}"#
            let leads = try await server.post("/api/leads", long)
            #expect(leads.isProblem(413))
            let rule = #"{"name":""# + String(repeating: "y", count: 150) + #""}"#
            let refused = try await server.post("/api/rules", rule)
            #expect(refused.isProblem(413))
        }
    }

    @Test func deepJSONIsRefused() async throws {
        try await TestServer.run(.withoutDatabase()) { server in
            let deep = #"{"email":"a@b.co","metadata":"# + String(repeating: #"{"a":"#, count: 5000)
            let answer = try await server.post("/api/leads", deep)
            #expect(answer.isProblem(400))
        }
    }

    @Test func everyResponseHasRequestID() async throws {
        try await TestServer.run(.withoutDatabase()) { server in
            let own = try await server.send(.get, "/healthz", headers: [.xRequestID: "my-id.1"])
            #expect(own.headers[.xRequestID] == "my-id.1")
            let odd = try await server.send(.get, "/nowhere", headers: [.xRequestID: "<script>"])
            let id = try #require(odd.headers[.xRequestID])
            #expect(id != "<script>" && !id.isEmpty)
            #expect(odd["requestId"]?.string == id)
        }
    }

    /// Hummingbird omits a leading zero of its ids, for as long as the process runs.
    @Test func generatedRequestIDsHave32Digits() async throws {
        #expect(AnswerMiddleware.padded("1") == "00000000000000000000000000000001")
        #expect(AnswerMiddleware.padded("bd62449a35555334665d878baeff152") == "0bd62449a35555334665d878baeff152")
        #expect(AnswerMiddleware.padded("fbd62449a35555334665d878baeff152") == "fbd62449a35555334665d878baeff152")
        try await TestServer.run(.withoutDatabase()) { server in
            let answer = try await server.get("/healthz", key: nil)
            #expect(answer.headers[.xRequestID]?.utf8.count == 32)
        }
    }
}
