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

    @Test func anExplanationIsForWhoMaySeeTheLead() async throws {
        try await TestServer.run { server in
            let body =
                #"{"name":"Tech","priority":4,"destinationWorkspaceId":"\#(FakeBackend.alpha.text)","conditions":{"industries":["Tech"]}}"#
            _ = try await server.post("/api/rules", body)
            let path = "/api/leads/\(FakeBackend.failedLead.text)/explain"
            let answer = try await server.get(path)
            #expect(answer.status == 200)
            #expect(answer["reproduced"]?.bool == true)
            #expect(answer["decision"]?["number"]?.int == 1)
            #expect(answer["rules"]?[0]?["verdict"]?.string == "missed")
            #expect(answer["rules"]?[0]?["failure"]?["path"]?.string == "/conditions/industries")
            #expect(answer["rules"]?[0]?["failure"]?["expected"]?.string == "Tech")
            #expect(answer["rules"]?[0]?["smallestChange"]?.string?.contains("Tech") == true)
            #expect(answer["counts"]?["rules"]?.int == 1)
            #expect(try await server.get(path, key: "beta-key").isProblem(404))
            #expect(try await server.get(path, key: nil).isProblem(401))
            #expect(try await server.get(path + "?attempt=2").isProblem(422))
            #expect(try await server.get(path + "?attempt=0").isProblem(422))
            let text = try await server.send(.get, path, headers: [.accept: "text/plain"])
            #expect(text.text.contains("Tech  wants industry Tech; the lead has none"))
            #expect(text.text.split(separator: "\n").count < 30)
        }
    }

    @Test func leadsAreSimulated() async throws {
        try await TestServer.run { server in
            let body =
                #"{"name":"Tech","destinationWorkspaceId":"\#(beta)","conditions":{"industries":["Tech"]}}"#
            _ = try await server.post(
                "/api/agreements",
                #"{"sendingWorkspaceId":"\#(FakeBackend.alpha.text)"}"#,
                key: "beta-key"
            )
            _ = try await server.post("/api/rules", body)
            let one = try await server.post("/api/rules/simulate", #"{"lead":{"industry":"tech"}}"#)
            #expect(one.status == 200)
            #expect(one["leads"]?[0]?["live"]?["workspaceId"]?.string == beta)
            #expect(one["leads"]?[0]?["draft"]?["outcome"]?.string == "unmatched")
            #expect(one["summary"]?["newlyUnmatched"]?.int == 1)
            #expect(one["moves"]?[0]?["count"]?.int == 1)
            let many = try await server.post(
                "/api/rules/simulate",
                #"{"leads":[{"industry":"tech"},{"industry":"law"}]}"#
            )
            #expect(many["leadCount"]?.int == 2)
            #expect(many["summary"]?["unchanged"]?.int == 1)
            let busy = try await server.post("/api/rules/simulate", #"{"days":7}"#)
            #expect(busy.isProblem(503))
            #expect(busy.headers[.retryAfter] == "5")
            for wrong in [
                #"{"days":0}"#, #"{"days":7,"lead":{}}"#, #"{"draft":"other"}"#, #"{"leads":[{"indutry":"x"}]}"#,
                #"{"limit":0}"#, #"{"draft":"stored","version":3}"#, #"{"draft":{},"version":3}"#, #"{"draft":7}"#,
                #"{"counters":"some"}"#, #"{"csv":7}"#, #"{"ndjson":"{}","lead":{}}"#, #"{"ndjson":"{}\n7"}"#,
            ] {
                #expect(try await server.post("/api/rules/simulate", wrong).isProblem(422), "\(wrong)")
            }
            let sent = try await server.post(
                "/api/rules/simulate",
                #"{"lead":{"industry":"law"},"counters":"live","draft":{"rules":[{"name":"A","destination":"Alpha"},{"name":"B"}]}}"#
            )
            #expect(sent["draft"]?.string == "2 rules" && sent["counters"]?.string == "live")
            let lines = try await server.post(
                "/api/rules/simulate",
                #"{"ndjson":"{\"industry\":\"tech\"}\n\n{\"industry\":\"law\"}\n"}"#
            )
            #expect(lines["leadCount"]?.int == 2)
            let table = try await server.post("/api/rules/simulate", #"{"csv":"email\na@b.example\n"}"#)
            #expect(table["draft"]?.string == "18 bytes")
            for (type, body) in [
                ("application/x-ndjson", #"{"industry":"tech"}"#), ("application/x-ndjson; charset=utf-8", #"[{},{}]"#),
            ] {
                let file = try await server.post(
                    "/api/rules/simulate?draft=published&counters=empty",
                    body,
                    headers: [.contentType: type]
                )
                #expect(file.status == 200 && file["counters"]?.string == "empty", "\(type)")
            }
            for (query, body) in [
                ("?draft=other", "{}"), ("?counters=some", "{}"), ("?days=7", "{}"), ("", "{"), ("", "7"),
                ("", "[{},7]"),
                ("", #"{"indutry":"x"}"#), ("?draft=stored&version=3", "{}"),
            ] {
                let file = try await server.post(
                    "/api/rules/simulate" + query,
                    body,
                    headers: [.contentType: "application/x-ndjson"]
                )
                #expect(file.isProblem(422), "\(query) \(body)")
            }
            #expect(try await server.post("/api/rules/simulate", "{}", key: "reader-key").isProblem(403))
            let foreign = #"{"workspaceId":"\#(beta)","lead":{}}"#
            #expect(try await server.post("/api/rules/simulate", foreign).isProblem(403))
        }
    }
}
