import FoundationEssentials
import HTTPTypes
import RoutingRules
import Testing
import WebTestSupport

/// Routing, retrying, returning and explaining leads, and pauses.
struct RoutingRoutesTests {
    @Test func routeRespondsForEveryStatus() async throws {
        try await APIFixture.with { api in
            func route(_ id: UUID, key: String = "alpha-key") async throws -> Answer {
                try await api.server.post("/api/leads/route", #"{"leadId":"\#(id.text)"}"#, key: key)
            }
            let (waiting, failed) = (try await api.insertWaitingLead(), try await api.insertFailedLead())
            #expect(try await route(APIFixture.id(9)).isProblem(404))
            #expect(try await route(waiting, key: "beta-key").isProblem(404))
            let refused = try await route(failed)
            #expect(refused.isProblem(409))
            #expect(refused["remedy"]?.string?.isEmpty == false)
            let routed = try await api.server.post("/api/leads/route", #"{"lead_id":"\#(waiting.text)"}"#)
            #expect(routed.status == 200)
            #expect(routed["status"]?.string == "routed")
        }
    }

    @Test func retryRequeuesFailedLeads() async throws {
        try await APIFixture.with { api in
            let (waiting, failed) = (try await api.insertWaitingLead(), try await api.insertFailedLead())
            let path = "/api/leads/\(failed.text)/retry"
            #expect(try await api.server.post(path, "", key: "beta-key").isProblem(404))
            let many = try await api.server.post("/api/retry", #"{"filter":{"createdAfter":"2026-01-01"},"limit":10}"#)
            #expect(many.status == 202)
            #expect(many["requeued"]?.int == 1 && many["hasMore"]?.bool == false)
            #expect(try await api.server.post("/api/leads/\(waiting.text)/retry", "").isProblem(409))
            #expect(try await api.server.post("/api/leads/\(APIFixture.id(9).text)/retry", "").isProblem(404))
            let unmatched = try await api.server.post("/api/retry", #"{"filter":{"result":"unmatched"}}"#)
            #expect(unmatched["requeued"]?.int == 0)
            let kept = try await api.server.post("/api/leads", #"{"email":"kept@b.co"}"#)
            let one = try await api.server.post((kept.headers[.location] ?? "") + "/retry", "")
            #expect(one.status == 202)
            #expect(one["status"]?.string == "pending")
        }
    }

    @Test func returnHidesNewDestinationFromWorkspace() async throws {
        try await APIFixture.with { api in
            let rule = #"{"name":"To Beta","destinationWorkspaceId":"\#(APIFixture.beta.text)","workspaceId":null}"#
            #expect(try await api.server.post("/api/rules", rule, key: "admin-key").status == 201)
            let lead = try await api.server.post("/api/leads", #"{"email":"a@b.co"}"#)
            #expect(lead["destinationWorkspaceId"]?.string == APIFixture.beta.text)
            let path = (lead.headers[.location] ?? "") + "/return"
            #expect(try await api.server.post(path, "{}", key: "alpha-key").isProblem(404))
            let returned = try await api.server.post(path, #"{"reason":"wrong state"}"#, key: "beta-key")
            #expect(returned.status == 200)
            #expect(returned["returned"]?.bool == true && returned["rerouted"]?.bool == false)
            #expect(returned["destinationWorkspaceId"] == .null)
        }
    }

    @Test func explanationRequiresAccessToLead() async throws {
        try await APIFixture.with { api in
            let body =
                #"{"name":"Tech","priority":4,"destinationWorkspaceId":"\#(APIFixture.alpha.text)","conditions":{"industries":["Tech"]}}"#
            #expect(try await api.server.post("/api/rules", body).status == 201)
            let lead = try await api.server.post("/api/leads", #"{"email":"a@b.co"}"#)
            let path = (lead.headers[.location] ?? "") + "/explain"
            let answer = try await api.server.get(path)
            #expect(answer.status == 200)
            #expect(answer["reproduced"]?.bool == true)
            #expect(answer["decision"]?["number"]?.int == 1)
            #expect(answer["rules"]?[0]?["verdict"]?.string == "missed")
            #expect(answer["rules"]?[0]?["failure"]?["path"]?.string == "/conditions/industries")
            #expect(answer["rules"]?[0]?["failure"]?["expected"]?.string == "Tech")
            #expect(answer["rules"]?[0]?["smallestChange"]?.string?.contains("Tech") == true)
            #expect(answer["counts"]?["rules"]?.int == 1)
            #expect(try await api.server.get(path, key: "beta-key").isProblem(404))
            let later = try await api.server.get(path + "?attempt=2")
            #expect(later.isProblem(422) && later.fields == ["/attempt"])
            let text = try await api.server.send(.get, path, headers: [.accept: "text/plain"])
            #expect(text.text.contains("Tech  wants industry Tech; the lead has none"))
            #expect(text.text.split(separator: "\n").count < 30)
        }
    }

    @Test func pauseAndResumeChangeRouting() async throws {
        try await APIFixture.with { api in
            let alpha = #"{"workspaceId":"\#(APIFixture.alpha.text)","reason":"audit"}"#
            let first = try await api.server.post("/api/routing/pause", alpha)
            #expect(first.status == 200)
            #expect(first["paused"]?.bool == true && first["changed"]?.bool == true)
            #expect(try await api.server.post("/api/routing/pause", alpha)["changed"]?.bool == false)
            let own = try await api.server.post("/api/routing/pause", "{}", key: "beta-key")
            #expect(own["workspaceId"]?.string == APIFixture.beta.text)
            for body in [alpha, #"{"all":true}"#] {
                let refused = try await api.server.post("/api/routing/pause", body, key: "beta-key")
                #expect(refused.isProblem(403), "\(body)")
            }
            let whole = try await api.server.post("/api/routing/pause", #"{"all":true}"#, key: "admin-key")
            #expect(whole["all"]?.bool == true)
            let lead = try await api.server.post("/api/leads", #"{"email":"a@b.co"}"#)
            #expect(lead["status"]?.string == "pending")
            let listed = try await api.server.get("/api/routing/pauses", key: "admin-key")["pauses"]?.array ?? []
            #expect(listed.count == 3)
            #expect(listed.first?["reason"]?.string == "audit")
            let ended = try await api.server.post("/api/routing/resume", #"{"all":true}"#, key: "admin-key")
            #expect(ended["paused"]?.bool == false && ended["changed"]?.bool == true)
        }
    }

    @Test func statisticsAreGroupedAsRequested() async throws {
        try await APIFixture.with { api in
            try await api.run(
                """
                INSERT INTO switchyard.routing_statistics
                    (day, workspace_id, direction, dimension, key, routed, unmatched, latency_ms)
                VALUES ('2026-11-02', '\(APIFixture.alpha.text)', 'out', 'all', '', 3, 1, 4500)
                """
            )
            let answer = try await api.server.get("/api/stats?from=2026-11-01&to=2026-11-24&by=workspace")
            #expect(answer.status == 200)
            #expect(answer["from"]?.string == "2026-11-01" && answer["by"]?.string == "workspace")
            #expect(answer["countedUpTo"]?.string?.hasSuffix("Z") == true)
            let group = answer["groups"]?.array?.first
            #expect(group?["key"]?.string == APIFixture.alpha.text)
            #expect(group?["out"]?["unmatched"]?.int == 1)
            #expect(group?["out"]?["averageLatencySeconds"] == .number(1.5))
            #expect(group?["out"]?["latency"]?.array?.count == 8)
            #expect(group?["in"]?["unmatched"] == nil)
            // Without days: the last thirty.
            #expect(try await api.server.get("/api/stats").status == 200)
            let past = try await api.server.get("/api/stats?from=2020-01-01&to=2020-01-31&by=rule")
            #expect(past["from"]?.string == "2020-01-01" && past["groups"]?.array?.isEmpty == true)
        }
    }

    @Test func healthHasKeysOfGuide() async throws {
        try await APIFixture.with { api in
            _ = try await api.insertWaitingLead()
            let answer = try await api.server.get("/api/health", key: nil)
            #expect(answer.status == 200)
            #expect(answer["status"]?.string == "healthy")
            #expect(
                answer["routing"]?.keys == [
                    "expiredCount", "failedCount", "oldestPendingSeconds", "pendingCount", "retryQueueCount",
                    "routingCount", "staleLockCount", "status", "successRate", "waitingForCapacity",
                ]
            )
            #expect(answer["routing"]?["pendingCount"]?.int == 1)
            #expect(answer["version"]?.string == "1.0.0")
            #expect(try await api.server.get("/readyz", key: nil).status == 200)
        }
    }

    @Test func nodeWithoutSchemaIsNotReady() async throws {
        try await APIFixture.with { api in
            try await api.run("DROP TABLE public.lead_routing_queue CASCADE")
            let answer = try await api.server.get("/readyz", key: nil)
            #expect(answer.isProblem(503))
            #expect(answer["detail"]?.string?.contains("switchyard migrate up") == true)
            #expect(try await api.server.get("/healthz", key: nil).status == 200)
        }
    }
}
