import FoundationEssentials
import RoutingRules
import Testing

@testable import Web

/// `POST /api/leads` with many leads.
struct BatchTests {
    @Test func oneBadLeadDoesNotSinkTheOthers() async throws {
        try await TestServer.run { server in
            let body = """
                {"leads": [{"email":"a@b.co"}, {"email":"bad"}, 7, {"phone":"+1 415 555 0100"}, {"email":"A@B.co"},
                {"email":"down@example.com"}, {"email":"x@b.co","workspaceId":"\(FakeBackend.beta.text)"}]}
                """
            let answer = try await server.post("/api/leads", body)
            #expect(answer.status == 200)
            let results = answer["results"]?.array ?? []
            #expect(results.map { $0["index"]?.int } == Array(0..<7))
            #expect(results.map { $0["code"]?.int } == [201, 422, 422, 201, 201, 503, 403])
            #expect(results[1]["problem"]?["errors"]?[0]?["field"]?.string == "/leads/1/email")
            #expect(results[2]["problem"]?["errors"]?[0]?["field"]?.string == "/leads/2")
            #expect(results[4]["lead"]?["isDuplicate"]?.bool == true)
            let summary = answer["summary"]
            #expect(summary?["received"]?.int == 7)
            #expect(summary?["accepted"]?.int == 3)
            #expect(summary?["rejected"]?.int == 4)
            #expect(summary?["routed"]?.int == 3)
            #expect(summary?["duplicates"]?.int == 1)
            #expect(server.backend.leadCount == 2 + 3)
        }
    }

    @Test func theBackendsFieldIsPlacedInTheBatch() async throws {
        try await TestServer.run { server in
            let body = #"{"workspaceId":"\#(FakeBackend.id(99).text)","leads":[{"email":"a@b.co"}]}"#
            let answer = try await server.post("/api/leads", body, key: "admin-key")
            #expect(answer["results"]?[0]?["problem"]?["errors"]?[0]?["field"]?.string == "/leads/0/workspaceId")
        }
    }

    @Test func aWorkspaceBesideTheLeadsIsForAll() async throws {
        try await TestServer.run { server in
            let body = """
                {"leads":[{"email":"a@b.co"},{"email":"c@b.co","workspaceId":"\(FakeBackend.alpha.text)"}],
                "workspaceId":"\(FakeBackend.beta.text)"}
                """
            let answer = try await server.post("/api/leads", body, key: "admin-key")
            let destinations = answer["results"]?.array?.map { $0["lead"]?["destinationWorkspaceId"]?.string }
            #expect(destinations == [FakeBackend.beta.text, FakeBackend.alpha.text])
        }
    }

    @Test(
        arguments: [
            (#"{"leads":[]}"#, 422, "/leads"), (#"{"leads":{}}"#, 422, "/leads"), (#"{"leads":null}"#, 422, "/leads"),
            (#"{"leads":[{"email":"a@b.co"}],"email":"c@b.co"}"#, 422, ""),
            (#"{"leads":[{"email":"a@b.co"}],"lead":1}"#, 422, "/lead"),
            (#"{"leads":[{"email":"a@b.co"}],"leads":[{"email":"c@b.co"}]}"#, 422, "/leads"),
            (#"{"leads":[{"email":"a@b.co"},{"email":]}"#, 400, nil), (#"{"leads":[{"email":"a@b.co"}"#, 400, nil),
            (#"[{"email":"a@b.co"}]"#, 422, ""),
        ] as [(String, Int, String?)]
    )
    func whatIsWrongWithTheWholeStopsTheWhole(_ body: String, _ status: Int, _ field: String?) async throws {
        try await TestServer.run { server in
            let answer = try await server.post("/api/leads", body)
            #expect(answer.isProblem(status), "\(answer.text)")
            #expect(answer.fields.first == field)
            #expect(server.backend.leadCount == 2)
        }
    }

    @Test func aThousandLeadsAreTakenAndNoMore() async throws {
        try await TestServer.run { server in
            func body(_ count: Int) -> String {
                let leads = (0..<count).map { #"{"email":"lead\#($0)@example.com"}"# }
                return #"{"leads":["# + leads.joined(separator: ",") + "]}"
            }
            let many = try await server.post("/api/leads", body(1001))
            #expect(many.isProblem(422))
            #expect(many.fields == ["/leads"])
            #expect(server.backend.leadCount == 2)
            let most = try await server.post("/api/leads", body(1000))
            #expect(most.status == 200)
            #expect(most["summary"]?["accepted"]?.int == 1000)
        }
    }
}
