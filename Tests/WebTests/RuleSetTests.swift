import FoundationEssentials
import Hummingbird
import RoutingRules
import Testing

@testable import Web

/// Rule sets over HTTP: drafted, published, compared, returned to; and what is refused.
@Suite struct RuleSetTests {
    private let own = "/api/rule-sets/\(FakeBackend.alpha.text)"
    private let draft = """
        {"rules": [{"name": "West", "priority": 5, "conditions": {"us_states": ["CA"]}, "destination": "\(FakeBackend.beta.text)"}],
        "goldenLeads": [{"name": "Ada", "lead": {"email": "ada@example.com", "location": {"state": "CA"}},
        "expect": {"destination": "\(FakeBackend.beta.text)", "rule": "West"}}]}
        """

    @Test func draftedPublishedComparedAndReturnedTo() async throws {
        try await TestServer.run { server in
            #expect(try await server.get(own + "/draft").isProblem(404))
            let saved = try await server.send(.put, own + "/draft", bytes: Array(draft.utf8))
            #expect(saved.status == 200)
            #expect(saved["rules"]?[0]?["name"]?.string == "West")
            let difference = try await server.get(own + "/diff")
            #expect(difference["rules"]?["added"]?[0]?["name"]?.string == "West")
            let published = try await server.post(own + "/publish", #"{"note": "first", "expectedVersion": 1}"#)
            #expect(published.status == 200)
            #expect(published["version"]?.int == 2)
            let live = try await server.get(own)
            #expect(live["version"]?.int == 2)
            #expect(live["goldenLeads"]?[0]?["lead"]?["location"]?["state"]?.string == "CA")
            // What is read is what can be written.
            #expect(try await server.send(.put, own + "/draft", bytes: Array(live.text.utf8)).status == 200)
            #expect(try await server.send(.delete, own + "/draft").status == 204)
            #expect(try await server.send(.delete, own + "/draft").isProblem(404))
            #expect(try await server.post(own + "/return", #"{"version": 1}"#).status == 200)
            let second = try await server.get(own + "/versions/2")
            #expect(second["rules"]?[0]?["name"]?.string == "West")
            let versions = try await server.get(own + "/versions?limit=1")
            #expect(versions["versions"]?[0]?["version"]?.int == 3)
            let changed = try await server.get(own + "/diff?from=2&to=live")
            #expect(changed["rules"]?["removed"]?[0]?["priority"]?.int == 5)
        }
    }

    @Test func whatIsWrongIsNamedByItsPlace() async throws {
        try await TestServer.run { server in
            let wrong = """
                {"rules": [{"name": "A", "destination": "nowhere", "colour": 1}, {"name": "B", "priority": "high",
                "destination": "\(FakeBackend.beta.text)", "conditions": {"industries": [7]}}],
                "goldenLeads": [{"name": "G", "lead": {"mail": "x"}, "expect": {}}], "extra": 1}
                """
            let answer = try await server.send(.put, own + "/draft", bytes: Array(wrong.utf8))
            #expect(answer.isProblem(422))
            #expect(
                Set(answer.fields) == [
                    "/extra", "/rules/0/colour", "/rules/0/destination", "/rules/1/priority",
                    "/rules/1/conditions/industries/0", "/goldenLeads/0/lead/mail",
                    "/goldenLeads/0/expect/destination",
                ]
            )
            #expect(try await server.post(own + "/return", "{}").fields == ["/version"])
            #expect(try await server.post(own + "/publish", #"{"expectedVersion": "x"}"#).isProblem(422))
            #expect(try await server.get("/api/rule-sets/nobody").isProblem(422))
            #expect(try await server.get(own + "/diff?from=yesterday").isProblem(422))
            #expect(try await server.get(own + "/versions?limit=0").isProblem(422))
        }
    }

    @Test func othersRuleSetsAreNotShown() async throws {
        try await TestServer.run { server in
            let mine = try await server.get(own)
            #expect(mine.status == 200)
            for path in ["/api/rule-sets/\(FakeBackend.beta.text)", "/api/rule-sets/platform"] {
                #expect(try await server.get(path).isProblem(403))
                #expect(try await server.send(.put, path + "/draft", bytes: Array(draft.utf8)).isProblem(403))
                #expect(try await server.post(path + "/publish", "{}").isProblem(403))
                #expect(try await server.post(path + "/return", #"{"version": 1}"#).isProblem(403))
            }
            #expect(
                try await server.send(.put, own + "/draft", key: "reader-key", bytes: Array(draft.utf8)).isProblem(403)
            )
        }
    }
}
