import FoundationEssentials
import HTTPTypes
import RoutingRules
import Testing
import WebTestSupport

/// `POST /api/leads`, and reading leads.
struct LeadRoutesTests {
    @Test func guideRequestWorksAsPrinted() async throws {
        try await APIFixture.with { api in
            let answer = try await api.server.post(
                "/api/leads",
                #"{"email": "test1@example.com", "company": "Test 1"}"#
            )
            #expect(answer.status == 201)
            #expect(answer.headers[.contentType] == "application/json")
            #expect(
                answer.body?.keys == [
                    "destinationWorkspaceId", "duplicateLeadId", "id", "isDuplicate", "matchedRuleId",
                    "matchedRuleName",
                    "reason", "status",
                ]
            )
            #expect(answer["status"]?.string == "routed")
            #expect(answer["destinationWorkspaceId"]?.string == APIFixture.alpha.text)
            #expect(answer["isDuplicate"]?.bool == false)
            #expect(answer.headers[.location] == "/api/leads/" + (answer["id"]?.string ?? ""))
        }
    }

    @Test func originalOfDuplicateIsShownToItsOwnerOnly() async throws {
        try await APIFixture.with { api in
            let first = try await api.server.post("/api/leads", #"{"email":"twin@example.com"}"#)
            let id = first["id"]?.string ?? "?"
            let other = try await api.server.post("/api/leads", #"{"email":"Twin@Example.com"}"#, key: "beta-key")
            #expect(other.status == 201)
            #expect(other["isDuplicate"]?.bool == true)
            #expect(other["duplicateLeadId"] == .null)
            let own = try await api.server.post("/api/leads", #"{"email":"twin@example.com"}"#)
            #expect(own["duplicateLeadId"] == first["id"])
            let path = other.headers[.location] ?? ""
            for read in [path, path + "/explain", "/api/leads"] {
                let answer = try await api.server.get(read, key: "beta-key")
                #expect(answer.status == 200 && !answer.text.contains(id), "\(read)")
            }
            let lead = try await api.server.get(path, key: "beta-key")
            #expect(lead["isDuplicate"]?.bool == true && lead["duplicateLeadId"] == .null)
            #expect(try await api.server.get(path, key: "admin-key")["duplicateLeadId"]?.string == id)
        }
    }

    @Test func workspaceKeySubmitsForItsOwnWorkspaceOnly() async throws {
        try await APIFixture.with { api in
            let ofBeta = #"{"email":"a@b.co","workspace_id":"\#(APIFixture.beta.uuidString)"}"#
            #expect(try await api.server.post("/api/leads", ofBeta, key: "admin-key").status == 201)
            let unknown = try await api.server.post(
                "/api/leads",
                #"{"email":"c@b.co","workspaceId":"\#(APIFixture.id(99).text)"}"#,
                key: "admin-key"
            )
            #expect(unknown.isProblem(422))
            #expect(unknown.fields == ["/workspaceId"])
            let foreign = try await api.server.post(
                "/api/leads",
                #"{"email":"d@b.co","workspaceId":"\#(APIFixture.beta.text)"}"#
            )
            #expect(foreign.isProblem(403))
            #expect(foreign.fields == ["/workspaceId"])
            #expect(foreign["remedy"]?.string?.isEmpty == false)
            #expect(try await api.leadCount() == 1)
        }
    }

    @Test func repeatedRequestStoresOneLead() async throws {
        try await APIFixture.with { api in
            let name = try #require(HTTPField.Name("Idempotency-Key"))
            let replayed = try #require(HTTPField.Name("Idempotency-Replayed"))
            let body = #"{"email":"replay@example.com"}"#
            let first = try await api.server.post("/api/leads", body, headers: [name: "k-1"])
            #expect(first.status == 201)
            #expect(first.headers[replayed] == nil)
            // With and without quotes it is the same key.
            for key in ["k-1", "\"k-1\""] {
                let again = try await api.server.post("/api/leads", body, headers: [name: key])
                #expect(again.status == 201)
                #expect(again["id"] == first["id"])
                #expect(again.headers[replayed] == "true")
            }
            let reused = try await api.server.post("/api/leads", #"{"email":"x@b.co"}"#, headers: [name: "k-1"])
            #expect(reused.isProblem(422))
            #expect(reused.fields == ["Idempotency-Key"])
            #expect(try await api.leadCount() == 1)
        }
    }

    @Test func invalidLeadDoesNotFailItsBatch() async throws {
        try await APIFixture.with { api in
            let body = """
                {"leads": [{"email":"a@b.co"}, {"email":"bad"}, 7, {"phone":"+1 415 555 0100"}, {"email":"A@B.co"},
                {"email":"x@b.co","workspaceId":"\(APIFixture.beta.text)"}, {"email":"last@b.co"}]}
                """
            let answer = try await api.server.post("/api/leads", body)
            #expect(answer.status == 200)
            let results = answer["results"]?.array ?? []
            #expect(results.map { $0["index"]?.int } == Array(0..<7))
            #expect(results.map { $0["code"]?.int } == [201, 422, 422, 201, 201, 403, 201])
            #expect(results[1]["problem"]?["errors"]?[0]?["field"]?.string == "/leads/1/email")
            #expect(results[2]["problem"]?["errors"]?[0]?["field"]?.string == "/leads/2")
            #expect(results[4]["lead"]?["isDuplicate"]?.bool == true)
            #expect(results[5]["problem"]?["errors"]?[0]?["field"]?.string == "/leads/5/workspaceId")
            let summary = answer["summary"]
            #expect(summary?["received"]?.int == 7)
            #expect(summary?["accepted"]?.int == 4)
            #expect(summary?["rejected"]?.int == 3)
            #expect(summary?["routed"]?.int == 4)
            #expect(summary?["duplicates"]?.int == 1)
            #expect(try await api.leadCount() == 4)
        }
    }

    @Test func workspaceOfBatchAppliesToItsLeads() async throws {
        try await APIFixture.with { api in
            let body = """
                {"leads":[{"email":"a@b.co"},{"email":"c@b.co","workspaceId":"\(APIFixture.alpha.text)"}],
                "workspaceId":"\(APIFixture.beta.text)"}
                """
            let answer = try await api.server.post("/api/leads", body, key: "admin-key")
            let destinations = answer["results"]?.array?.map { $0["lead"]?["destinationWorkspaceId"]?.string }
            #expect(destinations == [APIFixture.beta.text, APIFixture.alpha.text])
            let unknown = #"{"workspaceId":"\#(APIFixture.id(99).text)","leads":[{"email":"n@b.co"}]}"#
            let refused = try await api.server.post("/api/leads", unknown, key: "admin-key")
            #expect(refused["results"]?[0]?["problem"]?["errors"]?[0]?["field"]?.string == "/leads/0/workspaceId")
        }
    }

    @Test func leadsAreListedInPages() async throws {
        try await APIFixture.with { api in
            for number in 0..<5 { _ = try await api.server.post("/api/leads", #"{"email":"n\#(number)@b.co"}"#) }
            var seen: [String] = []
            var path = "/api/leads?status=routed&limit=2"
            while true {
                let page = try await api.server.get(path)
                #expect(page.status == 200)
                seen += page["leads"]?.array?.compactMap { $0["id"]?.string } ?? []
                guard let cursor = page["nextCursor"]?.string else { break }
                path = "/api/leads?status=routed&limit=2&cursor=" + cursor
            }
            #expect(seen.count == 5)
            #expect(Set(seen).count == 5)
            let found = try await api.server.get("/api/leads?email=N3%40b.co")
            #expect(found["leads"]?.array?.count == 1)
            let time = found["leads"]?[0]?["createdAt"]?.string ?? ""
            #expect(time.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z/) != nil)
            // A value that is not an identity finds nothing; it does not remove the filter.
            #expect(try await api.server.get("/api/leads?email=nobody")["leads"]?.array?.isEmpty == true)
            #expect(try await api.server.get("/api/leads?createdBefore=2020-01-01")["leads"]?.array?.isEmpty == true)
        }
    }

    @Test func leadIsShownWithHistoryToItsWorkspaces() async throws {
        try await APIFixture.with { api in
            let sent = try await api.server.post("/api/leads", #"{"email":"a@b.co"}"#)
            let path = try #require(sent.headers[.location])
            let answer = try await api.server.get(path)
            #expect(answer.status == 200)
            #expect(answer["status"]?.string == "routed")
            #expect(answer["history"]?[0]?["result"]?.string == "unmatched")
            #expect(try await api.server.get(path, key: "beta-key").isProblem(404))
            #expect(try await api.server.get("/api/leads/" + APIFixture.id(5).text).isProblem(404))
        }
    }

    @Test func erasureClearsPersonalData() async throws {
        try await APIFixture.with { api in
            let id = try #require(try await api.server.post("/api/leads", #"{"email":"old@b.co"}"#)["id"]?.string)
            let rehearsal = try await api.server.post("/api/erasures", #"{"lead_id":"\#(id)","dry_run":true}"#)
            #expect(rehearsal["dryRun"]?.bool == true && rehearsal["erased"]?.int == 1)
            let done = try await api.server.post("/api/erasures", #"{"email":"Old@B.co"}"#)
            #expect(done.status == 200)
            #expect(done["dryRun"]?.bool == false && done["erased"]?.int == 1 && done["elsewhere"]?.int == 0)
            #expect(done["leads"]?[0]?["leadId"]?.string == id)
            #expect(done["leads"]?[0]?["outcome"]?.string == "erased")
            #expect(done["rules"]?.array?.isEmpty == true)
            #expect(try await api.server.get("/api/leads/\(id)")["email"] == .null)
            let foreign = try await api.server.post("/api/erasures", #"{"leadId":"\#(id)"}"#, key: "beta-key")
            #expect(foreign.isProblem(404))
            let locked = try await api.insertWaitingLead()
            try await api.run("SELECT acquire_routing_lock('\(locked.text)', '\(APIFixture.beta.text)')")
            #expect(try await api.server.post("/api/erasures", #"{"leadId":"\#(locked.text)"}"#).isProblem(409))
        }
    }
}
