import FoundationEssentials
import Hummingbird
import RoutingRules
import Testing
import WebTestSupport

/// Rule sets over HTTP: drafts, publications, differences and returns; and what is refused.
struct RuleSetRoutesTests {
    private let own = "/api/rule-sets/\(APIFixture.alpha.text)"

    private func draft(_ state: String = "CA", goldenDestination: String = "Alpha") -> [UInt8] {
        Array(
            """
            {"rules": [{"name": "West", "priority": 5, "conditions": {"us_states": ["\(state)"]}, "destination": "Alpha"}],
            "goldenLeads": [{"name": "Ada", "lead": {"email": "ada@example.com", "location": {"state": "\(state)"}},
            "expect": {"destination": "\(goldenDestination)", "rule": "West"}}]}
            """
            .utf8
        )
    }

    @Test func draftIsPublishedComparedAndRestored() async throws {
        try await APIFixture.with { api in
            let server = api.server
            #expect(try await server.get(own + "/draft").isProblem(404))
            let saved = try await server.send(.put, own + "/draft", bytes: draft())
            #expect(saved.status == 200, "\(saved.text)")
            #expect(saved["rules"]?[0]?["name"]?.string == "West")
            #expect(saved["updatedBy"]?.string?.hasPrefix("key:") == true)
            let difference = try await server.get(own + "/diff")
            #expect(difference["rules"]?["added"]?[0]?["name"]?.string == "West")
            let published = try await server.post(own + "/publish", #"{"note": "first"}"#)
            #expect(published.status == 200, "\(published.text)")
            #expect(published["added"]?.int == 1)
            let first = published["version"]?.int ?? -1
            let live = try await server.get(own)
            #expect(live["version"]?.int == first)
            #expect(live["goldenLeads"]?[0]?["lead"]?["location"]?["state"]?.string == "CA")
            // The returned document can be saved.
            #expect(try await server.send(.put, own + "/draft", bytes: Array(live.text.utf8)).status == 200)
            #expect(try await server.send(.delete, own + "/draft").status == 204)
            #expect(try await server.send(.delete, own + "/draft").isProblem(404))
            // Another draft, published by a client that knows the current version, and refused to another.
            #expect(try await server.send(.put, own + "/draft", bytes: draft("OR")).status == 200)
            let stale = try await server.post(own + "/publish", #"{"expectedVersion": \#(first - 1)}"#)
            #expect(stale.isProblem(409))
            let second = try await server.post(own + "/publish", #"{"expectedVersion": \#(first)}"#)
            #expect(second["changed"]?.int == 1, "\(second.text)")
            #expect(try await server.post(own + "/return", #"{"version": \#(first)}"#).status == 200)
            let then = try await server.get(own + "/versions/\(second["version"]?.int ?? -1)")
            #expect(then["rules"]?[0]?["conditions"]?["us_states"]?[0]?.string == "OR")
            let versions = try await server.get(own + "/versions?limit=1")
            #expect(versions["versions"]?.array?.count == 1)
            #expect(versions["versions"]?[0]?["action"]?.string == "return")
            let changed = try await server.get(own + "/diff?from=\(second["version"]?.int ?? -1)&to=live")
            #expect(changed["rules"]?["changed"]?[0]?["fields"]?[0]?["before"]?.array == [.string("OR")])
        }
    }

    @Test func failingGoldenLeadPreventsPublication() async throws {
        try await APIFixture.with { api in
            let bytes = draft(goldenDestination: APIFixture.beta.text)
            #expect(try await api.server.send(.put, own + "/draft", bytes: bytes).status == 200)
            let refused = try await api.server.post(own + "/publish", "{}")
            #expect(refused.isProblem(422))
            #expect(refused.fields.first?.hasPrefix("/goldenLeads/0") == true, "\(refused.text)")
            #expect(try await api.server.send(.put, own + "/draft?check=true", bytes: bytes).isProblem(422))
            #expect(try await api.server.get(own)["rules"]?.array?.isEmpty == true)
        }
    }

    @Test func documentErrorsNameTheirPlace() async throws {
        try await APIFixture.with { api in
            let wrong = """
                {"rules": [{"name": "A", "destination": "nowhere", "colour": 1}, {"name": "B", "priority": "high",
                "destination": "\(APIFixture.beta.text)", "conditions": {"industries": [7]}}],
                "goldenLeads": [{"name": "G", "lead": {"mail": "x"}, "expect": {}}], "extra": 1}
                """
            let answer = try await api.server.send(.put, own + "/draft", bytes: Array(wrong.utf8))
            #expect(answer.isProblem(422))
            #expect(answer.fields.contains("/rules/0/destination"), "\(answer.fields)")
            let other = wrong.replacing(#""destination": "nowhere""#, with: #""destination": "Alpha""#)
            let rest = try await api.server.send(.put, own + "/draft", bytes: Array(other.utf8))
            #expect(
                Set(rest.fields)
                    .isSuperset(of: [
                        "/extra", "/rules/0/colour", "/rules/1/priority", "/rules/1/conditions/industries/0",
                        "/goldenLeads/0/lead/mail", "/goldenLeads/0/expect/destination",
                    ]),
                "\(rest.fields)"
            )
        }
    }

    @Test func workspaceKeyAccessesItsOwnRuleSetOnly() async throws {
        try await APIFixture.with { api in
            let live = try await api.server.get(own)
            #expect(live.status == 200)
            let bytes = draft(goldenDestination: "Alpha")
            for path in ["/api/rule-sets/\(APIFixture.beta.text)", "/api/rule-sets/platform"] {
                #expect(try await api.server.get(path).isProblem(403))
                #expect(try await api.server.get(path + "/draft").isProblem(403))
                #expect(try await api.server.get(path + "/versions").isProblem(403))
                #expect(try await api.server.get(path + "/diff?to=live").isProblem(403))
                #expect(try await api.server.send(.put, path + "/draft", bytes: bytes).isProblem(403))
                #expect(try await api.server.send(.delete, path + "/draft").isProblem(403))
                #expect(try await api.server.post(path + "/publish", "{}").isProblem(403))
                #expect(try await api.server.post(path + "/return", #"{"version": 1}"#).isProblem(403))
            }
        }
    }
}
