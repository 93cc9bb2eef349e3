import HTTPTypes
import LeadRouting
import Testing
import WebTestSupport

@testable import Web

/// HEAD, OPTIONS and refused methods, at every path of the router.
struct MethodTests {
    private static let paths = API(useCases: .withoutDatabase(), version: "1.0.0", limits: .init()).routes().methods

    private static func path(_ pattern: String) -> String {
        pattern.split(separator: "/")
            .map { part in
                if part == ":type" { return "/invalid" }
                return part.hasPrefix(":") ? "/00000000-0000-4000-8000-000000000001" : "/\(part)"
            }
            .joined()
    }

    @Test func optionsNamesTheMethodsWithoutKey() async throws {
        try await TestServer.run(.withoutDatabase()) { server in
            for (pattern, methods) in Self.paths {
                let answer = try await server.send(.options, Self.path(pattern), key: nil)
                #expect(answer.status == 204 && answer.text.isEmpty, "\(pattern)")
                let allowed = answer.headers[.allow]?.split(separator: ", ").map(String.init) ?? []
                #expect(Set(allowed) == Set(methods.map(\.rawValue)) && allowed.contains("OPTIONS"), "\(pattern)")
                #expect(allowed.contains("HEAD") == allowed.contains("GET"), "\(pattern)")
            }
            #expect(try await server.send(.options, "/nowhere", key: nil).isProblem(404))
        }
    }

    @Test func otherMethodsAreRefusedWithTheAllowedOnes() async throws {
        try await TestServer.run(.withoutDatabase()) { server in
            for (pattern, methods) in Self.paths {
                for method in [HTTPRequest.Method.get, .post, .put, .patch, .delete, .trace]
                where !methods.contains(method) {
                    let answer = try await server.send(method, Self.path(pattern), key: nil)
                    #expect(answer.isProblem(405), "\(method) \(pattern)")
                    #expect(answer.headers[.allow] == methods.map(\.rawValue).joined(separator: ", "), "\(pattern)")
                }
            }
        }
    }

    /// The answers of errors too, since a body after HEAD would be read as the next answer.
    @Test func headHasTheHeadersOfGetAndNoBody() async throws {
        try await TestServer.run(.withoutDatabase()) { server in
            for (pattern, methods) in Self.paths {
                let path = Self.path(pattern)
                let headers: HTTPFields = [.xRequestID: "same"]
                let head = try await server.send(.head, path, key: nil, headers: headers)
                #expect(head.text.isEmpty, "\(pattern)")
                guard methods.contains(.get) else {
                    #expect(head.status == 405 && head.headers[.allow] != nil, "\(pattern)")
                    continue
                }
                let get = try await server.send(.get, path, key: nil, headers: headers)
                #expect(head.status == get.status, "\(pattern)")
                // A page with a script has a new nonce each time.
                let changing: Set<HTTPField.Name> = [.contentSecurityPolicy]
                #expect(
                    head.headers.filter { !changing.contains($0.name) }
                        == get.headers.filter { !changing.contains($0.name) },
                    "\(pattern)"
                )
                #expect(get.headers[.contentLength] == "\(get.text.utf8.count)", "\(pattern)")
            }
        }
    }
}
