import HTTPTypes
import Testing
import WebTestSupport

@testable import Web

/// Bodies and queries that are refused before a database query, each problem with its field.
struct RequestBodyTests {
    @Test(arguments: [
        ("{}", ["/name", "/destinationWorkspaceId"]),
        (#"{"name":" ","destinationWorkspaceId":"x"}"#, ["/destinationWorkspaceId", "/name"]),
        (#"{"name":"a","destinationWorkspaceId":null}"#, ["/destinationWorkspaceId"]),
        (
            #"{"name":"a","destinationWorkspaceId":"00000000-0000-4000-8000-000000000002","priority":1.5}"#,
            ["/priority"]
        ),
        (
            #"{"name":"a","destinationWorkspaceId":"00000000-0000-4000-8000-000000000002","priority":99999999999}"#,
            ["/priority"]
        ),
        (
            #"{"name":"a","destinationWorkspaceId":"00000000-0000-4000-8000-000000000002","isActive":"yes"}"#,
            ["/isActive"]
        ),
        (
            #"{"name":"a","destinationWorkspaceId":"00000000-0000-4000-8000-000000000002","conditions":{"state":["CA"]}}"#,
            ["/conditions/state"]
        ),
        (
            #"{"name":"a","destinationWorkspaceId":"00000000-0000-4000-8000-000000000002","conditions":{"us_states":["CA",1," "]}}"#,
            ["/conditions/us_states/1", "/conditions/us_states/2"]
        ),
        (
            #"{"name":"a","destinationWorkspaceId":"00000000-0000-4000-8000-000000000002","conditions":{"where":{"all":[{"field":"email","op":"exists"},{"field":"score","op":"at_least","value":"x"},{"field":"shoe","op":"exists"}]}}}"#,
            ["/conditions/where/all/1/value", "/conditions/where/all/2/field"]
        ),
        (#"{"nmae":"a","name":"b","destinationWorkspaceId":"00000000-0000-4000-8000-000000000002"}"#, ["/nmae"]),
    ])
    func ruleErrorsNameTheirField(_ body: String, _ fields: [String]) async throws {
        try await TestServer.run(.withoutDatabase()) { server in
            let answer = try await server.post("/api/rules", body)
            #expect(answer.isProblem(422), "\(answer.text)")
            #expect(Set(answer.fields) == Set(fields))
        }
    }

    @Test(arguments: [
        (#"{"name":"a","unmatchedPolicy":"fallback"}"#, "/fallbackWorkspaceId"),
        (#"{"name":"a","unmatchedPolicy":"lose"}"#, "/unmatchedPolicy"), (#"{"name":"a","type":"king"}"#, "/type"),
        (
            #"{"name":"a","unmatchedPolicy":"keep","fallbackWorkspaceId":"00000000-0000-4000-8000-000000000002"}"#,
            "/fallbackWorkspaceId"
        ),
        (#"{"name":null}"#, "/name"), (#"{"name":"a\u0007"}"#, "/name"),
    ])
    func workspaceErrorsNameTheirField(_ body: String, _ field: String) async throws {
        try await TestServer.run(.withoutDatabase()) { server in
            let answer = try await server.post("/api/workspaces", body)
            #expect(answer.isProblem(422), "\(answer.text)")
            #expect(answer.fields == [field])
        }
    }

    @Test(arguments: [
        ("status=odd", "status"), ("limit=0", "limit"), ("limit=201", "limit"), ("limit=x", "limit"),
        ("workspaceId=x", "workspaceId"), ("createdAfter=yesterday", "createdAfter"), ("cursor=odd", "/cursor"),
        ("statsu=routed", "statsu"), ("isDuplicate=maybe", "isDuplicate"), ("limit=1&limit=2", "limit"),
        ("email=%00", "email"),
    ])
    func filterErrorsNameTheirParameter(_ query: String, _ field: String) async throws {
        try await TestServer.run(.withoutDatabase()) { server in
            let answer = try await server.get("/api/leads?" + query)
            #expect(answer.isProblem(422), "\(answer.text)")
            #expect(answer.fields == [field])
        }
    }

    @Test(arguments: [
        ("/api/leads/route", "{}"), ("/api/leads/route", #"{"leadId":null}"#), ("/api/leads/route", #"{"leadId":7}"#),
        ("/api/leads/route", #"{"id":"x"}"#), ("/api/leads/route", #"{"leadId":"test-lead-id"}"#),
        ("/api/retry", #"{"filter":{"result":"routed"}}"#), ("/api/retry", #"{"limit":0}"#),
        ("/api/retry", #"{"limit":1001}"#), ("/api/retry", #"{"filter":{"createdAfter":"soon"}}"#),
        ("/api/retry", #"{"all":1}"#), ("/api/routing/pause", "{}"), ("/api/routing/pause", #"{"all":false}"#),
        ("/api/routing/pause", #"{"all":true,"workspaceId":"00000000-0000-4000-8000-000000000001"}"#),
        ("/api/routing/pause", #"{"all":"yes"}"#), ("/api/routing/pause", #"{"reason":1,"all":true}"#),
        ("/api/agreements", #"{"sendingWorkspaceId":"00000000-0000-4000-8000-000000000001"}"#),
        ("/api/erasures", "{}"), ("/api/erasures", #"{"email":"a@b.co","phone":"5550100"}"#),
        ("/api/erasures", #"{"leadId":"x"}"#), ("/api/erasures", #"{"email":7}"#), ("/api/erasures", #"{"phone":" "}"#),
        ("/api/erasures", #"{"name":"x"}"#), ("/api/rule-sets/platform/return", "{}"),
        ("/api/rule-sets/platform/publish", #"{"expectedVersion": "x"}"#),
    ])
    func invalidBodyIsRefused(_ path: String, _ body: String) async throws {
        try await TestServer.run(.withoutDatabase()) { server in
            let answer = try await server.post(path, body)
            #expect(answer.isProblem(422), "\(answer.text)")
            #expect(answer.fields.first?.hasPrefix("/") == true)
        }
    }

    @Test(arguments: [
        "/api/stats?from=2026-11-02&to=2026-11-01", "/api/stats?from=x", "/api/stats?by=colour", "/api/stats?by=place",
        "/api/stats?form=2026-11-01", "/api/stats?workspaceId=1", "/api/rules/lint?workspace=x",
        "/api/rule-sets/nobody", "/api/rule-sets/platform/diff?from=yesterday",
        "/api/rule-sets/platform/versions?limit=0", "/api/rule-sets/platform/versions/first", "/api/leads/test-lead-id",
        "/api/leads/00000000-0000-4000-8000-000000000001/explain?attempt=0",
    ])
    func invalidQueryOrPathIsRefused(_ path: String) async throws {
        try await TestServer.run(.withoutDatabase()) { server in
            let answer = try await server.get(path)
            #expect(answer.isProblem(422))
        }
    }

    @Test(arguments: [
        #"{"days":0}"#, #"{"days":7,"lead":{}}"#, #"{"draft":"other"}"#, #"{"leads":[{"indutry":"x"}]}"#,
        #"{"limit":0}"#, #"{"draft":"stored","version":3}"#, #"{"draft":{},"version":3}"#, #"{"draft":7}"#,
        #"{"counters":"some"}"#, #"{"csv":7}"#, #"{"ndjson":"{}","lead":{}}"#, #"{"ndjson":"{}\n7"}"#,
    ])
    func invalidSimulationIsRefused(_ body: String) async throws {
        try await TestServer.run(.withoutDatabase()) { server in
            let answer = try await server.post("/api/rules/simulate", body)
            #expect(answer.isProblem(422))
        }
    }

    @Test(arguments: [
        ("?draft=other", "{}"), ("?counters=some", "{}"), ("?days=7", "{}"), ("", "{"), ("", "7"), ("", "[{},7]"),
        ("", #"{"indutry":"x"}"#), ("?draft=stored&version=3", "{}"),
    ])
    func invalidSimulationFileIsRefused(_ query: String, _ body: String) async throws {
        try await TestServer.run(.withoutDatabase()) { server in
            let answer = try await server.post(
                "/api/rules/simulate" + query,
                body,
                headers: [.contentType: "application/x-ndjson"]
            )
            #expect(answer.isProblem(422))
        }
    }

    @Test func streamRequiresNDJSON() async throws {
        try await TestServer.run(.withoutDatabase()) { server in
            let answer = try await server.post("/api/leads/stream", "{}")
            #expect(answer.isProblem(415))
        }
    }
}
