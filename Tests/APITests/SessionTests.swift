import FoundationEssentials
import HTTPTypes
import JSON
import LeadRouting
import RoutingRules
import TestDatabase
import Testing
import WebTestSupport

@testable import Web

/// Persons with sessions: who they act for, and what their roles let them do.
struct SessionTests {
    private static func naming(_ workspace: UUID) -> HTTPFields { [.switchyardWorkspace: workspace.text] }

    /// The routes come from the router, so that a new one is tested with every role.
    @Test(arguments: Role.allCases)
    func roleMayDoWhatItsScopesSay(role: Role) async throws {
        try await APIFixture.with { api in
            if role.isOfPlatform {
                try await api.run("UPDATE workspaces SET workspace_type = 'platform' WHERE name = 'Alpha'")
            }
            let session = Session.token(of: try await api.person([APIFixture.alpha: role.rawValue]))
            let routes = API(useCases: api.useCases, version: "1.0.0", limits: .init()).routes().all
            var allowed = 0
            var count = 0
            for route in routes {
                guard case .scopes(let scopes) = route.access else { continue }
                count += 1
                let path = route.path.split(separator: "/")
                    .map { $0.hasPrefix(":") ? "/" + APIFixture.id(9).text : "/" + $0 }.joined()
                let answer = try await api.server.send(route.method, path, key: session)
                let missing = scopes.first { !role.scopes.contains($0) }
                if let missing {
                    #expect(answer.isProblem(403), "\(route.method) \(path)")
                    #expect(answer["detail"]?.string?.contains(missing.rawValue) == true, "\(route.method) \(path)")
                } else {
                    allowed += 1
                    #expect(answer.status != 401 && answer.status < 500, "\(route.method) \(path): \(answer.status)")
                    #expect(answer["detail"]?.string?.contains("lacks the scope") != true, "\(route.method) \(path)")
                }
            }
            #expect(count > 40 && allowed > 0)
            #expect((allowed == count) == (role == .owner || role == .platformAdministrator))
        }
    }

    @Test func personReadsTheWorkspaceActedForAndNoOther() async throws {
        try await APIFixture.with { api in
            try await api.pool.removeGuardIfAsked(
                " AND NOT coalesce(auth.jwt() ? 'switchyard_workspace_id', false)",
                from: "visible_workspaces",
                asked: "acting-alone"
            )
            let own = try #require(
                try await api.server.post("/api/leads", #"{"email":"a@example.com"}"#)["id"]?.string
            )
            let other = try #require(
                try await api.server.post("/api/leads", #"{"email":"b@example.com"}"#, key: "beta-key")["id"]?
                    .string
            )
            let viewer = Session.token(of: try await api.person([APIFixture.alpha: "viewer"]))
            #expect(try await api.server.get("/api/leads/\(own)", key: viewer).status == 200)
            #expect(try await api.server.get("/api/leads/\(other)", key: viewer).isProblem(404))
            // A person of both sees one at a time, by the role there.
            let both = Session.token(
                of: try await api.person([APIFixture.alpha: "viewer", APIFixture.beta: "owner"], number: 101)
            )
            for (workspace, seen, hidden) in [(APIFixture.alpha, own, other), (APIFixture.beta, other, own)] {
                let headers = Self.naming(workspace)
                let list = try await api.server.send(.get, "/api/leads", key: both, headers: headers)
                #expect(list.text.contains(seen) && !list.text.contains(hidden))
                #expect(
                    try await api.server.send(.get, "/api/leads/\(hidden)", key: both, headers: headers).isProblem(404)
                )
            }
        }
    }

    @Test func personOfSeveralWorkspacesNamesOne() async throws {
        try await APIFixture.with { api in
            let session = Session.token(
                of: try await api.person([APIFixture.alpha: "viewer", APIFixture.beta: "member"])
            )
            let unnamed = try await api.server.get("/api/leads", key: session)
            #expect(unnamed.isProblem(422) && unnamed.fields == ["/Switchyard-Workspace"])
            for (workspace, status) in [(APIFixture.alpha, 403), (APIFixture.beta, 201), (APIFixture.gamma, 403)] {
                let answer = try await api.server.post(
                    "/api/leads",
                    #"{"email":"\#(workspace.text.suffix(2))@example.com"}"#,
                    key: session,
                    headers: Self.naming(workspace)
                )
                #expect(answer.status == status)
            }
            let malformed: HTTPFields = [.switchyardWorkspace: "alpha"]
            #expect(try await api.server.send(.get, "/api/leads", key: session, headers: malformed).isProblem(422))
            // A key acts for its own workspace, whatever the header says.
            let key = try await api.server.send(
                .get,
                "/api/leads",
                key: "alpha-key",
                headers: Self.naming(APIFixture.beta)
            )
            #expect(key.isProblem(403))
            let same = try await api.server.send(
                .get,
                "/api/leads",
                key: "alpha-key",
                headers: Self.naming(APIFixture.alpha)
            )
            #expect(same.status == 200)
        }
    }

    /// The server keeps memberships for a second; the policies of the database keep nothing.
    @Test func removedMemberReadsNothingAtOnce() async throws {
        try await APIFixture.with { api in
            try await api.pool.removeGuardIfAsked(
                "IF v_workspace IS NOT NULL AND auth.uid() IS NOT NULL AND NOT EXISTS",
                from: "acting_workspace",
                with: "IF false AND NOT EXISTS",
                asked: "acting-membership"
            )
            let lead = try #require(
                try await api.server.post("/api/leads", #"{"email":"a@example.com"}"#)["id"]?.string
            )
            let session = Session.token(of: try await api.person([APIFixture.alpha: "owner"]))
            #expect(try await api.server.get("/api/leads/\(lead)", key: session).status == 200)
            try await api.run("DELETE FROM user_workspaces")
            #expect(try await api.server.get("/api/leads/\(lead)", key: session).status != 200)
            #expect(try await !api.server.get("/api/leads", key: session).text.contains(lead))
        }
    }

    @Test func rolesOfThePlatformCountInThePlatformOnly() async throws {
        try await APIFixture.with { api in
            let lead = try #require(
                try await api.server.post("/api/leads", #"{"email":"b@example.com"}"#, key: "beta-key")["id"]?
                    .string
            )
            for (number, role) in ["operator", "platform_admin"].enumerated() {
                let person = try await api.person([APIFixture.alpha: role], number: 100 + number)
                #expect(try await api.server.get("/api/leads/\(lead)", key: Session.token(of: person)).isProblem(403))
            }
            try await api.run("UPDATE workspaces SET workspace_type = 'platform' WHERE name = 'Alpha'")
            for (number, role) in ["operator", "platform_admin"].enumerated() {
                let person = try await api.person([APIFixture.alpha: role], number: 200 + number)
                let session = Session.token(of: person)
                #expect(try await api.server.get("/api/leads/\(lead)", key: session).status == 200)
                let me = try await api.server.get("/api/me", key: session)
                #expect(me["administrator"]?.bool == true)
            }
        }
    }

    @Test(arguments: ["", "Owner", "superuser", "owner ", "editor"])
    func unknownRolesMayDoNothing(role: String) async throws {
        try await APIFixture.with { api in
            let session = Session.token(of: try await api.person([APIFixture.alpha: role]))
            #expect(try await api.server.get("/api/leads", key: session).isProblem(403))
            let me = try await api.server.get("/api/me", key: session)
            #expect(me["workspaces"]?[0]?["role"]?.string == role && me["scopes"]?.array == [])
        }
    }

    @Test func suspendedAndClosedWorkspacesRefusePersons() async throws {
        try await APIFixture.with { api in
            let session = Session.token(of: try await api.person([APIFixture.alpha: "owner"]))
            try await api.run(
                "UPDATE workspaces SET routing_suspended_at = now(), routing_suspended_reason = 'Spam.' WHERE name = 'Alpha'"
            )
            let suspended = try await api.server.get("/api/leads", key: session)
            #expect(suspended.isProblem(403) && suspended["detail"]?.string?.contains("Spam.") == true)
            let me = try await api.server.get("/api/me", key: session)
            #expect(me["workspaces"]?[0]?["suspended"]?.bool == true && me["scopes"]?.array == [])
            let other = Session.token(of: try await api.person([APIFixture.beta: "owner"], number: 101))
            try await api.run("UPDATE workspaces SET deleted_at = now() WHERE name = 'Beta'")
            #expect(try await api.server.get("/api/leads", key: other).isProblem(403))
        }
    }

    @Test func invalidSessionsAreRefused() async throws {
        let failures = FailedKeys(limit: 3)
        try await APIFixture.with(failedKeys: failures) { api in
            let person = try await api.person([APIFixture.alpha: "owner"])
            // A session that ended is no guess.
            for _ in 0..<5 {
                let expired = try await api.server.get("/api/leads", key: Session.token(of: person, lasting: -3600))
                #expect(expired.isProblem(401) && expired.headers[.wwwAuthenticate]?.contains("invalid_token") == true)
            }
            let valid = Session.token(of: person)
            for forged in [
                valid.dropLast(3) + "AAA", Session.token(of: person, ["role": "service_role"])[...],
                Session.token(of: person, ["iss": "https://other.example/auth/v1"])[...],
            ] {
                #expect(try await api.server.get("/api/leads", key: String(forged)).isProblem(401))
            }
            #expect(try await api.server.get("/api/leads", key: String(valid.dropLast(3) + "AAA")).isProblem(429))
            #expect(try await api.server.get("/api/leads", key: valid).status == 200)
        }
    }

    @Test func callersLearnWhoTheyAre() async throws {
        try await APIFixture.with { api in
            let key = try await api.server.get("/api/me")
            #expect(key["kind"]?.string == "key" && key["id"]?.string?.hasPrefix("key:") == true)
            #expect(
                key["workspaces"]?[0]?["name"]?.string == "Alpha" && key["workspaceId"]?.string == APIFixture.alpha.text
            )
            let administrator = try await api.server.get("/api/me", key: "admin-key")
            #expect(administrator["administrator"]?.bool == true && administrator["workspaces"]?.array == [])
            let person = try await api.person([APIFixture.alpha: "viewer", APIFixture.beta: "partner"])
            let session = Session.token(of: person)
            let both = try await api.server.get("/api/me", key: session)
            #expect(both["id"]?.string == "user:" + person.text && both["email"]?.string == "person@example.com")
            #expect(both["scopes"]?.array == [] && both["workspaceId"] == .null)
            #expect(both["workspaces"]?.array?.compactMap { $0["role"]?.string } == ["viewer", "partner"])
            let one = try await api.server.send(.get, "/api/me", key: session, headers: Self.naming(APIFixture.beta))
            #expect(one["scopes"]?.array?.compactMap(\.string) == ["leads:write", "leads:read"])
            let foreign = try await api.server.send(
                .get,
                "/api/me",
                key: session,
                headers: Self.naming(APIFixture.gamma)
            )
            #expect(foreign.isProblem(403))
            let nobody = try await api.server.get("/api/me", key: Session.token(of: APIFixture.id(999)))
            #expect(nobody.status == 200 && nobody["workspaces"]?.array == [])
            #expect(try await api.server.get("/api/leads", key: Session.token(of: APIFixture.id(999))).isProblem(403))
            #expect(try await api.server.get("/api/me", key: nil).isProblem(401))
        }
    }

    @Test func editsNameThePerson() async throws {
        try await APIFixture.with { api in
            let person = try await api.person([APIFixture.alpha: "owner"])
            let body = #"{"name":"Own","destinationWorkspaceId":"\#(APIFixture.alpha.text)"}"#
            let rule = try await api.server.post("/api/rules", body, key: Session.token(of: person))
            #expect(rule.status == 201 && rule["workspaceId"]?.string == APIFixture.alpha.text)
            let versions = try await api.server.get("/api/rule-sets/\(APIFixture.alpha.text)/versions")
            #expect(versions.text.contains("user:" + person.text))
        }
    }
}
