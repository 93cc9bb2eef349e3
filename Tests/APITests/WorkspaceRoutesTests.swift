import FoundationEssentials
import HTTPTypes
import RoutingRules
import Testing
import WebTestSupport

/// Workspaces, their capacity and people, and agreements.
struct WorkspaceRoutesTests {
    @Test func workspaceIsCreatedReadChangedAndDeleted() async throws {
        try await APIFixture.with { api in
            let server = api.server
            let body =
                #"{"name":"Delta","unmatchedPolicy":"fallback","fallbackWorkspaceId":"\#(APIFixture.beta.text)"}"#
            #expect(try await server.post("/api/workspaces", body).isProblem(403))
            let created = try await server.post("/api/workspaces", body, key: "admin-key")
            #expect(created.status == 201)
            #expect(created["unmatchedPolicy"]?.string == "fallback")
            #expect(created["fallbackWorkspaceId"]?.string == APIFixture.beta.text)
            #expect(created["type"]?.string == "partner")
            let path = try #require(created.headers[.location])
            let change = Array(#"{"is_paused":true,"unmatchedPolicy":"retry"}"#.utf8)
            let changed = try await server.send(.patch, path, key: "admin-key", bytes: change)
            #expect(changed["isPaused"]?.bool == true)
            #expect(changed["unmatchedPolicy"]?.string == "retry")
            #expect(try await server.get("/api/workspaces", key: "admin-key")["workspaces"]?.array?.count == 4)
            #expect(try await server.get("/api/workspaces")["workspaces"]?.array?.count == 1)
            #expect(try await server.get(path).isProblem(404))
            #expect(try await server.send(.delete, path, key: "admin-key").status == 204)
            #expect(try await server.send(.delete, path, key: "admin-key").isProblem(404))
        }
    }

    @Test func workspaceKeyAccessesItsOwnCapacityAndPeopleOnly() async throws {
        try await APIFixture.with { api in
            let server = api.server
            let capacity = Array(#"{"capacity":{"timeZone":"Europe/Berlin","caps":[{"per":"day","limit":50}]}}"#.utf8)
            let own = "/api/workspaces/\(APIFixture.alpha.text)"
            let changed = try await server.send(.patch, own, key: "admin-key", bytes: capacity)
            #expect(changed.status == 200, "\(changed.text)")
            let usage = try await server.get(own + "/capacity")
            #expect(usage["timeZone"]?.string == "Europe/Berlin" && usage["isOpen"]?.bool == true)
            #expect(usage["caps"]?[0]?["limit"]?.int == 50 && usage["caps"]?[0]?["used"]?.int == 0)
            #expect(try await server.get(own + "/capacity", key: "beta-key").isProblem(404))
            let person = #"{"name":"Ada","weight":2,"caps":[{"per":"day","limit":5}]}"#
            let made = try await server.post(own + "/assignees", person)
            #expect(made.status == 201)
            #expect(made["weight"]?.int == 2 && made["caps"]?[0]?["limit"]?.int == 5)
            let path = own + "/assignees/\(made["id"]?.string ?? "")"
            let absent = Array(#"{"absentFrom":"2026-12-01","absentUntil":"2026-12-24"}"#.utf8)
            let away = try await server.send(.patch, path, bytes: absent)
            #expect(away["absentFrom"]?.string == "2026-12-01T00:00:00.000000Z" && away["name"]?.string == "Ada")
            #expect(try await server.get(own + "/assignees")["assignees"]?.array?.count == 1)
            #expect(try await server.post(own + "/assignees", person, key: "beta-key").isProblem(404))
            #expect(try await server.send(.delete, path).status == 204)
            #expect(try await server.send(.delete, path).isProblem(404))
        }
    }

    @Test func receiverGrantsAgreement() async throws {
        try await APIFixture.with { api in
            let server = api.server
            let body = #"{"sendingWorkspaceId":"\#(APIFixture.beta.text)"}"#
            let granted = try await server.post("/api/agreements", body)
            #expect(granted.status == 201)
            #expect(granted["receivingWorkspaceId"]?.string == APIFixture.alpha.text)
            #expect(try await server.post("/api/agreements", body).status == 200)
            let path = try #require(granted.headers[.location])
            #expect(try await server.get(path).status == 200)
            #expect(try await server.get("/api/agreements")["agreements"]?.array?.count == 1)
            let foreign = """
                {"receivingWorkspaceId":"\(APIFixture.alpha.text)","sendingWorkspaceId":"\(APIFixture.gamma.text)"}
                """
            #expect(try await server.post("/api/agreements", foreign, key: "beta-key").isProblem(403))
            #expect(try await server.send(.delete, path, key: "beta-key").isProblem(403))
            #expect(try await server.send(.delete, path).status == 204)
            #expect(try await server.get(path).isProblem(404))
        }
    }
}
