import FoundationEssentials
import HTTPTypes
import RoutingRules
import Testing
import WebTestSupport

/// Rules: created, changed, linted and simulated.
struct RuleRoutesTests {
    private let alpha = APIFixture.alpha.text
    private let beta = APIFixture.beta.text

    @Test func ruleIsCreatedReadChangedAndDeleted() async throws {
        try await APIFixture.with { api in
            try await api.agree()
            let tree =
                #"{"all":[{"field":"company_size","op":"at_least","value":50},{"any":[{"field":"metadata.plan","op":"one_of","value":["pro",7]},{"not":{"field":"email","op":"is_free_mail"}}]}]}"#
            let body = """
                {"name":" West coast ","priority":50,"conditions":{"us_states":["CA","OR"],"companySizes":["11-50"],
                "industries":"Tech","regions":null,"where":\(tree)},"destinationWorkspaceId":"\(beta)"}
                """
            let created = try await api.server.post("/api/rules", body)
            #expect(created.status == 201)
            #expect(created["name"]?.string == "West coast")
            #expect(created["workspaceId"]?.string == alpha)
            #expect(created["conditions"]?["us_states"]?.array?.map(\.string) == ["CA", "OR"])
            #expect(created["conditions"]?["company_sizes"]?.array?.map(\.string) == ["11-50"])
            #expect(created["conditions"]?["industries"]?.array?.map(\.string) == ["Tech"])
            // A tree of conditions is returned as it was sent.
            #expect(created.text.contains(#""where":\#(tree)"#))
            let path = try #require(created.headers[.location])
            let change = Array(#"{"isActive":false,"priority":-1}"#.utf8)
            let changed = try await api.server.send(.patch, path, bytes: change)
            #expect(changed.status == 200)
            #expect(changed["isActive"]?.bool == false)
            #expect(changed["priority"]?.int == -1)
            #expect(changed["name"]?.string == "West coast")
            #expect(try await api.server.get(path).status == 200)
            #expect(try await api.server.get(path, key: "beta-key").isProblem(404))
            #expect(try await api.server.get("/api/rules")["rules"]?.array?.count == 1)
            let deleted = try await api.server.send(.delete, path)
            #expect(deleted.status == 204)
            #expect(deleted.text.isEmpty)
            #expect(try await api.server.send(.delete, path).isProblem(404))
            #expect(try await api.server.get(path).isProblem(404))
        }
    }

    @Test func workspaceCreatesRulesToAgreedDestinationsOnly() async throws {
        try await APIFixture.with { api in
            let toBeta = #"{"name":"a","destinationWorkspaceId":"\#(beta)"}"#
            let refused = try await api.server.post("/api/rules", toBeta)
            #expect(refused.isProblem(422) && refused.fields == ["/destinationWorkspaceId"], "\(refused.text)")
            let ofBeta = #"{"name":"a","destinationWorkspaceId":"\#(beta)","workspaceId":"\#(beta)"}"#
            let foreign = try await api.server.post("/api/rules", ofBeta)
            #expect(foreign.isProblem(403) && foreign.fields == ["/workspaceId"])
            #expect(try await api.server.post("/api/rules", ofBeta, key: "admin-key").status == 201)
            let platform = #"{"name":"a","destinationWorkspaceId":"\#(beta)","workspaceId":null}"#
            let ofPlatform = try await api.server.post("/api/rules", platform, key: "admin-key")
            #expect(ofPlatform["workspaceId"] == .null)
        }
    }

    @Test func savedRuleHasWarnings() async throws {
        try await APIFixture.with { api in
            let body = #"{"name":"N","destinationWorkspaceId":"\#(alpha)","conditions":{"us_states":["Ontario"]}}"#
            let made = try await api.server.post("/api/rules", body)
            #expect(made.status == 201)
            #expect(made["warnings"]?.array?.compactMap { $0["code"]?.string } == ["never-matches"])
            #expect(made["warnings"]?[0]?["path"]?.string == "/conditions/us_states")
            let path = "/api/rules/\(made["id"]?.string ?? "")"
            let fixed = Array(#"{"conditions":{"us_states":["TX"]}}"#.utf8)
            let changed = try await api.server.send(.patch, path, bytes: fixed)
            #expect(changed.status == 200)
            #expect(changed["warnings"]?.array?.isEmpty == true)
            #expect(try await api.server.get(path)["warnings"] == nil)
        }
    }

    @Test func lintRespondsInJSONOrText() async throws {
        try await APIFixture.with { api in
            for name in ["First", "Second"] {
                let body = #"{"name":"\#(name)","destinationWorkspaceId":"\#(alpha)"}"#
                _ = try await api.server.post("/api/rules", body)
            }
            let report = try await api.server.get("/api/rules/lint")
            #expect(report.status == 200)
            #expect(report["summary"]?["warnings"]?.int == 2)
            #expect(report["ruleCount"]?.int == 2)
            #expect(report["findings"]?[0]?["workspaceId"]?.string == alpha)
            let text = try await api.server.send(.get, "/api/rules/lint", headers: [.accept: "text/plain"])
            #expect(text.headers[.contentType] == "text/plain; charset=utf-8")
            #expect(text.text.contains("Rules of Alpha") && text.text.contains("[duplicate]"))
            // Another workspace does not see them.
            let other = try await api.server.get("/api/rules/lint", key: "beta-key")
            #expect(other["findings"]?.array?.isEmpty == true)
        }
    }

    @Test func simulationReportsResults() async throws {
        try await APIFixture.with { api in
            try await api.agree()
            let rule = #"{"name":"Tech","destinationWorkspaceId":"\#(beta)","conditions":{"industries":["Tech"]}}"#
            #expect(try await api.server.post("/api/rules", rule).status == 201)
            func simulate(_ body: String, key: String = "alpha-key") async throws -> Answer {
                try await api.server.post("/api/rules/simulate", body, key: key)
            }
            let sent = #""draft":{"rules":[{"name":"A","destination":"Alpha","conditions":{"industries":["law"]}}]}"#
            let one = try await simulate(#"{"lead":{"industry":"tech"},\#(sent)}"#)
            #expect(one.status == 200)
            #expect(one["leads"]?[0]?["live"]?["workspaceId"]?.string == beta)
            #expect(one["leads"]?[0]?["draft"]?["outcome"]?.string == "unmatched")
            #expect(one["summary"]?["newlyUnmatched"]?.int == 1)
            #expect(one["moves"]?[0]?["count"]?.int == 1)
            #expect(one["draft"]?.string == "the draft that was sent")
            let many = try await simulate(#"{"leads":[{"industry":"tech"},{"industry":"art"}],\#(sent)}"#)
            #expect(many["leadCount"]?.int == 2)
            #expect(many["summary"]?["unchanged"]?.int == 1)
            let lines = try await simulate(#"{"ndjson":"{\"industry\":\"tech\"}\n\n{}\n","draft":"published"}"#)
            #expect(lines["leadCount"]?.int == 2)
            let table = try await simulate(#"{"csv":"email,industry\na@b.example,tech\n","draft":"published"}"#)
            #expect(table["leads"]?[0]?["live"]?["workspaceId"]?.string == beta)
            #expect(try await simulate(#"{"csv":"","draft":"published"}"#).status == 200)
            for (type, body) in [
                ("application/x-ndjson", #"{"industry":"tech"}"#), ("application/x-ndjson; charset=utf-8", #"[{},{}]"#),
                ("text/csv", "email\na@b.example\n"),
            ] {
                let file = try await api.server.post(
                    "/api/rules/simulate?draft=published&counters=empty",
                    body,
                    headers: [.contentType: type]
                )
                #expect(file.status == 200 && file["counters"]?.string == "empty", "\(type)")
            }
            let missing = try await simulate(#"{"days":7}"#)
            #expect(missing.isProblem(422) && missing.fields == ["/draft"])
            let wrong = try await simulate(#"{"lead":{},"draft":{"rules":[{"name":"B"}]}}"#)
            #expect(wrong.isProblem(422) && wrong.fields.allSatisfy { $0.hasPrefix("/draft/rules/0") })
            #expect(try await simulate("{}", key: "reader-key").isProblem(403))
            #expect(try await simulate(#"{"workspaceId":"\#(beta)","lead":{}}"#).isProblem(403))
        }
    }
}
