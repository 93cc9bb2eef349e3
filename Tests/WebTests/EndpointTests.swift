import FoundationEssentials
import HTTPTypes
import Hummingbird
import Logging
import RoutingRules
import Synchronization
import Testing

@testable import Web

/// Every other endpoint, and what all of them share.
struct EndpointTests {
    @Test func routingAnswersForEveryState() async throws {
        try await TestServer.run { server in
            let asInTheGuide = try await server.post("/api/leads/route", #"{"leadId": "test-lead-id"}"#)
            #expect(asInTheGuide.isProblem(422))
            #expect(asInTheGuide.fields == ["/leadId"])
            let unknown = try await server.post("/api/leads/route", #"{"leadId":"\#(FakeBackend.id(9).text)"}"#)
            #expect(unknown.isProblem(404))
            let failed = try await server.post("/api/leads/route", #"{"leadId":"\#(FakeBackend.failedLead.text)"}"#)
            #expect(failed.isProblem(409))
            #expect(failed["remedy"]?.string?.isEmpty == false)
            let pending = try await server.post("/api/leads/route", #"{"lead_id":"\#(FakeBackend.pendingLead.text)"}"#)
            #expect(pending.status == 200)
            #expect(pending["status"]?.string == "routed")
            let foreign = try await server.post(
                "/api/leads/route",
                #"{"leadId":"\#(FakeBackend.pendingLead.text)"}"#,
                key: "beta-key"
            )
            #expect(foreign.isProblem(404))
            for body in ["{}", #"{"leadId":null}"#, #"{"leadId":7}"#, #"{"id":"x"}"#] {
                #expect(try await server.post("/api/leads/route", body).isProblem(422))
            }
        }
    }

    @Test func failedLeadsAreRetried() async throws {
        try await TestServer.run { server in
            let one = try await server.post("/api/leads/\(FakeBackend.failedLead.text)/retry", "")
            #expect(one.status == 202)
            #expect(one["status"]?.string == "pending")
            let pending = try await server.post("/api/leads/\(FakeBackend.pendingLead.text)/retry", "")
            #expect(pending.isProblem(409))
            #expect(try await server.post("/api/leads/\(FakeBackend.id(9).text)/retry", "").isProblem(404))
            let foreign = "/api/leads/\(FakeBackend.failedLead.text)/retry"
            #expect(try await server.post(foreign, "", key: "beta-key").isProblem(404))
            #expect(try await server.post(foreign, "", key: "reader-key").isProblem(403))
            for body in ["{}", #"{"filter":{"createdAfter":"2026-01-01"},"limit":10}"#] {
                let many = try await server.post("/api/retry", body)
                #expect(many.status == 202)
                #expect(many["requeued"]?.int == 1)
            }
            let unmatched = try await server.post("/api/retry", #"{"filter":{"result":"unmatched"}}"#)
            #expect(unmatched.status == 202)
            #expect(unmatched["requeued"]?.int == 0)
            #expect(try await server.post("/api/retry", #"{"filter":{"result":"routed"}}"#).isProblem(422))
            for body in [#"{"limit":0}"#, #"{"limit":1001}"#, #"{"filter":{"createdAfter":"soon"}}"#, #"{"all":1}"#] {
                #expect(try await server.post("/api/retry", body).isProblem(422), "\(body)")
            }
        }
    }

    @Test func routingIsPausedAndResumed() async throws {
        try await TestServer.run { server in
            let alpha = #"{"workspaceId":"\#(FakeBackend.alpha.text)","reason":"audit"}"#
            let first = try await server.post("/api/routing/pause", alpha)
            #expect(first.status == 200)
            #expect(first["paused"]?.bool == true && first["changed"]?.bool == true)
            #expect(try await server.post("/api/routing/pause", alpha)["changed"]?.bool == false)
            // A workspace's key means its own leads, and may stop nobody else's.
            let own = try await server.post("/api/routing/pause", "{}", key: "beta-key")
            #expect(own["workspaceId"]?.string == FakeBackend.beta.text)
            for body in [alpha, #"{"all":true}"#] {
                #expect(try await server.post("/api/routing/pause", body, key: "beta-key").isProblem(403), "\(body)")
            }
            #expect(try await server.post("/api/routing/pause", "{}", key: "reader-key").isProblem(403))
            // Everything has to be named: a forgotten id must not stop everybody.
            let both = #"{"all":true,"workspaceId":"\#(FakeBackend.alpha.text)"}"#
            for body in ["{}", #"{"all":false}"#, both, #"{"all":"yes"}"#, #"{"reason":1,"all":true}"#] {
                #expect(try await server.post("/api/routing/pause", body, key: "admin-key").isProblem(422), "\(body)")
            }
            let whole = try await server.post("/api/routing/pause", #"{"all":true}"#, key: "admin-key")
            #expect(whole["all"]?.bool == true)
            let listed = try await server.get("/api/routing/pauses", key: "admin-key")["pauses"]?.array ?? []
            #expect(listed.count == 3)
            #expect(listed.first?["reason"]?.string == "audit")
            let ended = try await server.post("/api/routing/resume", #"{"all":true}"#, key: "admin-key")
            #expect(ended["paused"]?.bool == false && ended["changed"]?.bool == true)
        }
    }

    @Test func statisticsAreSummedAsAsked() async throws {
        try await TestServer.run { server in
            let answer = try await server.get("/api/stats?from=2026-11-01&to=2026-11-24&by=rule")
            #expect(answer.status == 200)
            #expect(answer["from"]?.string == "2026-11-01" && answer["by"]?.string == "rule")
            #expect(answer["countedUpTo"]?.string == "1970-01-01T00:00:01.000000Z")
            let group = answer["groups"]?.array?.first
            if case .number(let average) = group?["out"]?["averageLatencySeconds"] {
                #expect(average == 1.5)
            } else {
                Issue.record()
            }
            #expect(group?["out"]?["latency"]?.array?.count == 8)
            #expect(group?["in"]?["unmatched"] == nil)
            // Thirty days up to today, and one day before the other.
            #expect(try await server.get("/api/stats").status == 200)
            for query in ["from=2026-11-02&to=2026-11-01", "from=x", "by=colour", "form=2026-11-01", "workspaceId=1"] {
                #expect(try await server.get("/api/stats?" + query).isProblem(422), "\(query)")
            }
        }
    }

    @Test func leadsComeInPages() async throws {
        try await TestServer.run { server in
            for number in 0..<5 { _ = try await server.post("/api/leads", #"{"email":"n\#(number)@b.co"}"#) }
            var seen: [String] = []
            var path = "/api/leads?status=routed&limit=2"
            while true {
                let page = try await server.get(path)
                #expect(page.status == 200)
                seen += page["leads"]?.array?.compactMap { $0["id"]?.string } ?? []
                guard let cursor = page["nextCursor"]?.string else { break }
                path = "/api/leads?status=routed&limit=2&cursor=" + cursor
            }
            #expect(seen.count == 5)
            #expect(Set(seen).count == 5)
            let found = try await server.get("/api/leads?email=n3%40b.co")
            #expect(found["leads"]?.array?.count == 1)
            #expect(found["leads"]?[0]?["createdAt"]?.string == "2026-01-31T00:00:00.000001Z")
        }
    }

    @Test(arguments: [
        ("status=odd", "status"), ("limit=0", "limit"), ("limit=201", "limit"), ("limit=x", "limit"),
        ("workspaceId=x", "workspaceId"), ("createdAfter=yesterday", "createdAfter"), ("cursor=odd", "/cursor"),
        ("statsu=routed", "statsu"), ("isDuplicate=maybe", "isDuplicate"), ("limit=1&limit=2", "limit"),
        ("email=%00", "email"),
    ])
    func wrongFiltersAreNamed(_ query: String, _ field: String) async throws {
        try await TestServer.run { server in
            let answer = try await server.get("/api/leads?" + query)
            #expect(answer.isProblem(422), "\(answer.text)")
            #expect(answer.fields == [field])
        }
    }

    @Test func aLeadIsShownWithItsHistoryToThoseWhoMaySeeIt() async throws {
        try await TestServer.run { server in
            let path = "/api/leads/" + FakeBackend.pendingLead.text
            let answer = try await server.get(path)
            #expect(answer.status == 200)
            #expect(answer["status"]?.string == "pending")
            #expect(answer["history"]?[0]?["result"]?.string == "unmatched")
            #expect(try await server.get(path, key: "beta-key").isProblem(404))
            #expect(try await server.get("/api/leads/" + FakeBackend.id(5).text).isProblem(404))
            let wrong = try await server.get("/api/leads/test-lead-id")
            #expect(wrong.isProblem(422))
            #expect(wrong.fields == ["id"])
        }
    }

    @Test func rulesAreCreatedReadChangedAndDeleted() async throws {
        try await TestServer.run { server in
            let body = """
                {"name":" West coast ","priority":50,"conditions":{"us_states":["CA","OR"],"companySizes":["11-50"],
                "industries":"Tech","regions":null},"destinationWorkspaceId":"\(FakeBackend.beta.text)"}
                """
            let created = try await server.post("/api/rules", body)
            #expect(created.status == 201)
            #expect(created["name"]?.string == "West coast")
            #expect(created["workspaceId"]?.string == FakeBackend.alpha.text)
            #expect(created["conditions"]?["us_states"]?.array?.map(\.string) == ["CA", "OR"])
            #expect(created["conditions"]?["company_sizes"]?.array?.map(\.string) == ["11-50"])
            #expect(created["conditions"]?["industries"]?.array?.map(\.string) == ["Tech"])
            let path = try #require(created.headers[.location])
            let changed = try await server.send(.patch, path, bytes: Array(#"{"isActive":false,"priority":-1}"#.utf8))
            #expect(changed.status == 200)
            #expect(changed["isActive"]?.bool == false)
            #expect(changed["priority"]?.int == -1)
            #expect(changed["name"]?.string == "West coast")
            #expect(try await server.get(path).status == 200)
            #expect(try await server.get("/api/rules")["rules"]?.array?.count == 1)
            let deleted = try await server.send(.delete, path)
            #expect(deleted.status == 204)
            #expect(deleted.text.isEmpty)
            #expect(try await server.send(.delete, path).isProblem(404))
            #expect(try await server.get(path).isProblem(404))
        }
    }

    @Test func aTreeOfConditionsComesBackAsItWasSent() async throws {
        try await TestServer.run { server in
            let tree =
                #"{"all":[{"field":"company_size","op":"at_least","value":50},{"any":[{"field":"metadata.plan","op":"one_of","value":["pro",7]},{"not":{"field":"email","op":"is_free_mail"}}]}]}"#
            let body =
                #"{"name":"Tree","conditions":{"countries":["US"],"where":\#(tree)},"destinationWorkspaceId":"\#(FakeBackend.beta.text)"}"#
            let created = try await server.post("/api/rules", body)
            #expect(created.status == 201)
            #expect(created.text.contains(#""where":\#(tree)"#))
            let path = try #require(created.headers[.location])
            #expect(try await server.get(path).text.contains(#""where":\#(tree)"#))
        }
    }

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
        (#"{"name":"Odd","destinationWorkspaceId":"00000000-0000-4000-8000-000000000002"}"#, ["/conditions/regions"]),
        (#"{"nmae":"a","name":"b","destinationWorkspaceId":"00000000-0000-4000-8000-000000000002"}"#, ["/nmae"]),
    ])
    func wrongRulesAreNamedFieldByField(_ body: String, _ fields: [String]) async throws {
        try await TestServer.run { server in
            let answer = try await server.post("/api/rules", body)
            #expect(answer.isProblem(422), "\(answer.text)")
            #expect(Set(answer.fields) == Set(fields))
        }
    }

    @Test func aWorkspaceMakesItsOwnRulesOnly() async throws {
        try await TestServer.run { server in
            let body = """
                {"name":"a","destinationWorkspaceId":"\(FakeBackend.beta.text)","workspaceId":"\(FakeBackend.beta.text)"}
                """
            let foreign = try await server.post("/api/rules", body)
            #expect(foreign.isProblem(403))
            let ofAdministrator = try await server.post("/api/rules", body, key: "admin-key")
            #expect(ofAdministrator.status == 201)
            let platform = #"{"name":"a","destinationWorkspaceId":"\#(FakeBackend.beta.text)","workspaceId":null}"#
            let ofPlatform = try await server.post("/api/rules", platform, key: "admin-key")
            #expect(ofPlatform["workspaceId"] == .null)
        }
    }

    @Test func workspacesAreCreatedReadChangedAndDeleted() async throws {
        try await TestServer.run { server in
            let body =
                #"{"name":"Delta","unmatchedPolicy":"fallback","fallbackWorkspaceId":"\#(FakeBackend.beta.text)"}"#
            #expect(try await server.post("/api/workspaces", body).isProblem(403))
            let created = try await server.post("/api/workspaces", body, key: "admin-key")
            #expect(created.status == 201)
            #expect(created["unmatchedPolicy"]?.string == "fallback")
            #expect(created["fallbackWorkspaceId"]?.string == FakeBackend.beta.text)
            #expect(created["type"]?.string == "partner")
            let path = try #require(created.headers[.location])
            let change = Array(#"{"is_paused":true,"unmatchedPolicy":"retry"}"#.utf8)
            let changed = try await server.send(.patch, path, key: "admin-key", bytes: change)
            #expect(changed["isPaused"]?.bool == true)
            #expect(changed["unmatchedPolicy"]?.string == "retry")
            #expect(try await server.get("/api/workspaces", key: "admin-key")["workspaces"]?.array?.count == 4)
            #expect(try await server.get("/api/workspaces")["workspaces"]?.array?.count == 1)
            #expect(try await server.send(.delete, path, key: "admin-key").status == 204)
            let used = try await server.send(.delete, "/api/workspaces/" + FakeBackend.gamma.text, key: "admin-key")
            #expect(used.isProblem(409))
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
    func wrongWorkspacesAreNamed(_ body: String, _ field: String) async throws {
        try await TestServer.run { server in
            let answer = try await server.post("/api/workspaces", body, key: "admin-key")
            #expect(answer.isProblem(422), "\(answer.text)")
            #expect(answer.fields == [field])
        }
    }

    @Test func agreementsAreGrantedAndEnded() async throws {
        try await TestServer.run { server in
            let body = #"{"sendingWorkspaceId":"\#(FakeBackend.beta.text)"}"#
            let granted = try await server.post("/api/agreements", body)
            #expect(granted.status == 201)
            #expect(granted["receivingWorkspaceId"]?.string == FakeBackend.alpha.text)
            #expect(try await server.post("/api/agreements", body).status == 200)
            let path = try #require(granted.headers[.location])
            #expect(try await server.get(path).status == 200)
            #expect(try await server.get("/api/agreements")["agreements"]?.array?.count == 1)
            #expect(try await server.post("/api/agreements", body, key: "admin-key").isProblem(422))
            let foreign = """
                {"receivingWorkspaceId":"\(FakeBackend.alpha.text)","sendingWorkspaceId":"\(FakeBackend.beta.text)"}
                """
            #expect(try await server.post("/api/agreements", foreign, key: "beta-key").isProblem(403))
            #expect(try await server.send(.delete, path).status == 204)
            #expect(try await server.get(path).isProblem(404))
        }
    }

    @Test func healthHasTheGuidesKeys() async throws {
        try await TestServer.run { server in
            let answer = try await server.get("/api/health", key: nil)
            #expect(answer["status"]?.string == "healthy")
            #expect(
                answer["routing"]?.keys == [
                    "expiredCount", "failedCount", "oldestPendingSeconds", "pendingCount", "retryQueueCount",
                    "routingCount", "staleLockCount", "status", "successRate", "waitingForCapacity",
                ]
            )
            #expect(answer["routing"]?["pendingCount"]?.int == 123)
        }
        try await TestServer.run(FakeBackend(readiness: .notReady(reason: "2 migrations are missing."))) { server in
            let answer = try await server.get("/readyz", key: nil)
            #expect(answer.isProblem(503))
            #expect(answer["detail"]?.string == "2 migrations are missing.")
            #expect(try await server.get("/healthz", key: nil).status == 200)
        }
    }

    @Test func unknownPathsAndMethodsAreProblems() async throws {
        try await TestServer.run { server in
            for path in ["/", "/api", "/api/lead", "/api/leads/x/y", "/api/rules/x/y", "//", "/%00", "/api/leads%2F"] {
                #expect(try await server.get(path).isProblem(404), "\(path)")
            }
            let put = try await server.send(.put, "/api/leads", bytes: [])
            #expect(put.isProblem(405))
            #expect(put.headers[.allow] == "POST, GET, HEAD")
            #expect(try await server.get("/api/leads/route").isProblem(405))
            let odd = try #require(HTTPRequest.Method("BREW"))
            #expect(try await server.send(odd, "/api/leads").isProblem(404))
            let head = try await server.send(.head, "/healthz")
            #expect(head.status == 200)
            #expect(head.text.isEmpty)
        }
    }

    @Test func onlyJSONInUTF8IsRead() async throws {
        try await TestServer.run { server in
            let body = #"{"email":"a@b.co"}"#
            for type in ["text/csv", "application/x-www-form-urlencoded", "application/json; charset=latin1", ""] {
                let answer = try await server.post("/api/leads", body, headers: [.contentType: type])
                #expect(answer.isProblem(415), "\(type)")
            }
            let zipped = try await server.post("/api/leads", body, headers: [.contentEncoding: "gzip"])
            #expect(zipped.isProblem(415))
            for type in [
                "application/json", "application/json; charset=UTF-8", "Application/JSON", "application/ld+json",
            ] {
                let answer = try await server.post("/api/leads/decode", body, headers: [.contentType: type])
                #expect(answer.status == 200, "\(type)")
            }
        }
    }

    @Test func bodiesAreBounded() async throws {
        var limits = WebConfiguration.Limits()
        limits.leadBodyBytes = 2000
        limits.bodyBytes = 100
        try await TestServer.run(limits: limits) { server in
            let long = #"{"email":"a@b.co","metadata":{"x":""# + String(repeating: "y", count: 2000) + #""}}"#
            let leads = try await server.post("/api/leads", long)
            #expect(leads.isProblem(413))
            let rule = #"{"name":""# + String(repeating: "y", count: 150) + #""}"#
            let refused = try await server.post("/api/rules", rule)
            #expect(refused.isProblem(413))
        }
    }

    @Test func deepJSONIsRefused() async throws {
        try await TestServer.run { server in
            let deep = #"{"email":"a@b.co","metadata":"# + String(repeating: #"{"a":"#, count: 5000)
            let answer = try await server.post("/api/leads", deep)
            #expect(answer.isProblem(400))
        }
    }

    @Test func everyAnswerHasARequestID() async throws {
        try await TestServer.run { server in
            let own = try await server.send(.get, "/healthz", headers: [.xRequestID: "my-id.1"])
            #expect(own.headers[.xRequestID] == "my-id.1")
            let odd = try await server.send(.get, "/nowhere", headers: [.xRequestID: "<script>"])
            let id = try #require(odd.headers[.xRequestID])
            #expect(id != "<script>" && !id.isEmpty)
            #expect(odd["requestId"]?.string == id)
        }
    }

    /// Hummingbird leaves out a zero at the beginning of its ids, for as long as the process lives.
    @Test func ourOwnRequestIDsAreAsLongAsThoseOfTraces() async throws {
        #expect(AnswerMiddleware.padded("1") == "00000000000000000000000000000001")
        #expect(AnswerMiddleware.padded("bd62449a35555334665d878baeff152") == "0bd62449a35555334665d878baeff152")
        #expect(AnswerMiddleware.padded("fbd62449a35555334665d878baeff152") == "fbd62449a35555334665d878baeff152")
        try await TestServer.run { server in
            let answer = try await server.get("/healthz", key: nil)
            #expect(answer.headers[.xRequestID]?.utf8.count == 32)
        }
    }

    @Test func peopleAreErased() async throws {
        try await TestServer.run { server in
            let done = try await server.post("/api/erasures", #"{"email":"Old@Example.com"}"#)
            #expect(done.status == 200)
            #expect(done["dryRun"]?.bool == false && done["erased"]?.int == 1 && done["elsewhere"]?.int == 0)
            #expect(done["leads"]?[0]?["leadId"]?.string == FakeBackend.pendingLead.text)
            #expect(done["leads"]?[0]?["outcome"]?.string == "erased")
            #expect(done["rules"]?[0]?.string == FakeBackend.beta.text)
            let lead = #"{"lead_id":"\#(FakeBackend.pendingLead.text)","forget_identity":true,"dry_run":true}"#
            let rehearsal = try await server.post("/api/erasures", lead)
            #expect(
                rehearsal["dryRun"]?.bool == true && rehearsal["already"]?.int == 1 && rehearsal["examples"]?.int == 1
            )
            let busy = try await server.post("/api/erasures", #"{"leadId":"\#(FakeBackend.failedLead.text)"}"#)
            #expect(busy.isProblem(409))
            for body in [
                "{}", #"{"email":"a@b.co","phone":"5550100"}"#, #"{"leadId":"x"}"#, #"{"email":7}"#, #"{"phone":" "}"#,
                #"{"name":"x"}"#,
            ] {
                let answer = try await server.post("/api/erasures", body)
                #expect(answer.isProblem(422), "\(body)")
                #expect(answer["errors"]?[0]?["field"]?.string?.hasPrefix("/") == true)
            }
        }
    }

    @Test func theLogHoldsNoPersonalData() async throws {
        let lines = Mutex<[String]>([])
        let logger = Logger(label: "web-tests") { _ in
            RecordingLogHandler { line in lines.withLock { $0.append(line) } }
        }
        try await TestServer.run(logger: logger) { server in
            _ = try await server.post("/api/leads", #"{"email":"canary@example.com","phone":"+1 415 555 0199"}"#)
            _ = try await server.post("/api/leads", #"{"email":"canary","firstName":7}"#)
            _ = try await server.post("/api/leads", #"{"email":"bug@example.com","lastName":"canary"}"#)
            _ = try await server.get("/api/leads?email=canary%40example.com")
            _ = try await server.get("/api/leads/canary", key: "canary-key")
        }
        let text = lines.withLock { $0.joined(separator: "\n") }
        #expect(!text.lowercased().contains("canary"))
        #expect(!text.contains("0199") && !text.contains("alpha-key") && !text.contains("p@ssw0rd"))
        #expect(text.contains("/api/leads") && text.contains("Mystery"))
        #expect(lines.withLock { $0.count } == 5)
    }

    @Test func theDescriptionNamesEveryRoute() async throws {
        try await TestServer.run { server in
            let answer = try await server.get("/openapi.yaml", key: nil)
            #expect(answer.headers[.contentType] == "application/yaml")
            #expect(answer.text.hasPrefix("openapi: 3.1.0\n"))
            let inngest = MountedEndpoint(path: "/api/inngest", methods: ["GET", "PUT", "POST"]) { _ in
                MountedEndpoint.Answer(status: 200, headers: [], body: [])
            }
            let metrics = MountedEndpoint(path: "/metrics", methods: ["GET"]) { _ in
                MountedEndpoint.Answer(status: 200, headers: [], body: [])
            }
            let router = API(backend: server.backend, limits: .init(), mounts: [inngest, metrics]).router()
            let documented = answer.text.split(separator: "\n").filter { $0.hasPrefix("  /") }
                .map { $0.dropFirst(2).dropLast().replacing("receivingWorkspaceId", with: "receiver") }
                .map { $0.replacing("sendingWorkspaceId", with: "sender") }
            let routes = Set(router.routes.map(\.path.description))
            #expect(Set(documented.map { String($0) }) == routes)
        }
    }
}

/// Keeps every line of a log as text.
struct RecordingLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .trace
    let record: @Sendable (String) -> Void

    init(record: @escaping @Sendable (String) -> Void) { self.record = record }

    subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { _, new in new }
        record("\(event.level) \(event.message) \(all)")
    }
}
