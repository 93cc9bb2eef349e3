import HTTPTypes
import LeadRouting
import Testing
import WebTestSupport

@testable import Web

@Suite struct MountTests {
    /// Returns the request's values, and requires an administrator if the query says so.
    private static let echo = MountedEndpoint(path: "/api/echo", methods: ["GET", "PUT", "POST"]) { request in
        if request.query["guarded"] != nil { try await request.requireAdministrator(.routingWrite) }
        if request.query["busy"] != nil { throw RequestError.unavailable(reason: "Busy.") }
        let header = request.headers.first { $0.name.lowercased() == "x-mine" }?.value ?? ""
        return MountedEndpoint.Answer(
            status: 206,
            headers: [("X-Yours", "\(request.method) \(request.query["a"] ?? "") \(header)")],
            body: request.body
        )
    }

    @Test func bytesAndHeadersPassThrough() async throws {
        try await TestServer.run(.withoutDatabase(), mounts: [Self.echo]) { server in
            let bytes: [UInt8] = [0x7B, 0x20, 0x00, 0x0D]
            let mine = try #require(HTTPField.Name("X-Mine"))
            let yours = try #require(HTTPField.Name("X-Yours"))
            let answer = try await server.send(
                .post,
                "/api/echo?a=b%20c",
                headers: [.contentType: "text/plain", mine: "v"],
                bytes: bytes
            )
            #expect(answer.status == 206 && Array(answer.text.utf8) == bytes)
            #expect(answer.headers[yours] == "POST b c v")
        }
    }

    @Test func mountedEndpointChecksAdministrator() async throws {
        try await TestServer.run(.withoutDatabase(), mounts: [Self.echo]) { server in
            #expect(try await server.post("/api/echo?guarded=1", "{}", key: nil).isProblem(401))
            #expect(try await server.post("/api/echo?guarded=1", "{}").status == 206)
            #expect(try await server.get("/api/echo?busy=1").isProblem(503))
            let other = try await server.send(.delete, "/api/echo")
            #expect(other.isProblem(405))
        }
    }
}
