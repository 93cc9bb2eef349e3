import HTTPTypes
import RoutingRules
import Testing

@testable import Web

/// What the API says about rules themselves.
@Suite struct AnalysisTests {
    private let beta = FakeBackend.beta.text

    @Test func aSavedRuleComesWithWarnings() async throws {
        try await TestServer.run { server in
            let body = #"{"name":"N","destinationWorkspaceId":"\#(beta)","conditions":{"us_states":["Ontario"]}}"#
            let made = try await server.post("/api/rules", body)
            #expect(made.status == 201)
            #expect(made["warnings"]?.array?.compactMap { $0["code"]?.string } == ["never-matches", "no-agreement"])
            #expect(made["warnings"]?[0]?["path"]?.string == "/conditions/us_states")
            let path = "/api/rules/\(made["id"]?.string ?? "")"
            let mended = #"{"conditions":{"us_states":["TX"]},"destinationWorkspaceId":"\#(FakeBackend.alpha.text)"}"#
            let changed = try await server.send(.patch, path, bytes: Array(mended.utf8))
            #expect(changed.status == 200)
            #expect(changed["warnings"]?.array?.isEmpty == true)
            #expect(try await server.get(path)["warnings"] == nil)
        }
    }

    @Test func lintIsJSONOrText() async throws {
        try await TestServer.run { server in
            for name in ["First", "Second"] {
                let body = #"{"name":"\#(name)","destinationWorkspaceId":"\#(FakeBackend.alpha.text)"}"#
                _ = try await server.post("/api/rules", body)
            }
            let report = try await server.get("/api/rules/lint")
            #expect(report.status == 200)
            #expect(report["summary"]?["warnings"]?.int == 2)
            #expect(report["ruleCount"]?.int == 2)
            #expect(report["findings"]?[0]?["workspaceId"]?.string == FakeBackend.alpha.text)
            let text = try await server.send(.get, "/api/rules/lint", headers: [.accept: "text/plain"])
            #expect(text.headers[.contentType] == "text/plain; charset=utf-8")
            #expect(text.text.contains("Rules of Alpha") && text.text.contains("[duplicate]"))
            #expect(try await server.get("/api/rules/lint", key: "reader-key").isProblem(403))
            #expect(try await server.get("/api/rules/lint?workspace=x").isProblem(422))
            // Another workspace is told nothing of them.
            #expect(try await server.get("/api/rules/lint", key: "beta-key")["findings"]?.array?.isEmpty == true)
        }
    }
}
