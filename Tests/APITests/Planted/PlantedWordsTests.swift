import FoundationEssentials
import HTTPTypes
import LeadRouting
import RoutingRules
import Testing
import WebTestSupport

@testable import Web

/// What one tenant's text says of another: nothing, but what a reviewed list explains.
struct PlantedWordsTests {
    /// The words that cross on purpose, and why.
    private static func mayCross(_ word: PlantedWorld.Word, to reader: PlantedWorld.Owner) -> Bool {
        let field = word.field
        guard word.owner != .platform, word.owner != .gamma else { return false }
        // The destination of a lead sees the lead. The pool gives its leads to the other workspace, too, and alpha is the
        // fallback of beta for leads that no destination takes.
        let delivered =
            ["delivered", "pool", "poolNext"]
            + (word.owner == .beta ? ["kept", "full", "platform", "platformPool"] : [])
        if delivered.contains(where: { field.hasPrefix($0) && field.dropFirst($0.count).first?.isUppercase == true }) {
            return true
        }
        return switch (word.owner, field, reader) {
        // Beta sent a lead with the same address.
        case (.alpha, "keptEmail", .beta): true
        // The destination gives its reason to the sender.
        case (.beta, "returnReason", .alpha): true
        default: false
        }
    }

    /// A new route is covered, because the list comes from the router; one with an unknown parameter or body fails.
    @Test func noWordCrossesByRequest() async throws {
        try await APIFixture.with { api in
            let world = try await PlantedWorld(api)
            let requests = PlantedRequests(world: world)
            let all = API(useCases: api.useCases, version: "1.0.0", limits: .init(), mounts: []).routes().all
            // What removes something comes last, and what changes something after what reads.
            let order: [HTTPRequest.Method] = [.get, .post, .put, .patch, .delete]
            let routes = all.sorted { (order.firstIndex(of: $0.method) ?? 9) < (order.firstIndex(of: $1.method) ?? 9) }
            var successes: Set<String> = []
            for reader in [PlantedWorld.Owner.beta, .alpha] {
                let foreign = world.words.filter { $0.owner != reader && !Self.mayCross($0, to: reader) }
                for route in routes {
                    for request in try requests.requests(to: route, by: reader) {
                        let answer = try await api.send(request, key: reader.key)
                        let text = answer.everything
                        for word in foreign where text.contains(word.text) {
                            Issue.record(
                                "\(reader) reads \(word.owner).\(word.field): \(request) → \(text.prefix(2000))"
                            )
                        }
                        if answer.status < 300 { successes.insert("\(route.method) \(route.path)") }
                        guard reader == .beta else { continue }
                        let anonymous = try await api.send(request, key: nil).everything
                        for word in world.words where anonymous.contains(word.text) {
                            Issue.record("without a key: \(word.owner).\(word.field): \(request)")
                        }
                    }
                }
            }
            #expect(successes.count > 35, "Few requests succeeded: \(successes.sorted())")
        }
    }

    /// The other tests would pass if the words were nowhere.
    @Test func administratorReadsEveryWord() async throws {
        try await APIFixture.with { api in
            let world = try await PlantedWorld(api)
            let requests = PlantedRequests(world: world)
            let routes = API(useCases: api.useCases, version: "1.0.0", limits: .init(), mounts: []).routes().all
            var text = try await api.everyRow()
            for route in routes where route.method == .get {
                for request in try requests.requests(to: route, by: .alpha) {
                    text += try await api.send(request, key: "admin-key").everything
                }
            }
            // A route that the list does not know cannot be left out.
            for route in [
                Route(method: .get, path: "/api/leads/:lead", access: .open),
                Route(method: .post, path: "/api/new", access: .open),
            ] {
                #expect(throws: PlantedRequests.Unknown.self) { try requests.requests(to: route, by: .alpha) }
            }
            // Of an idempotency key only a digest is stored.
            for word in world.words where word.field != "idempotencyKey" && !text.contains(word.text) {
                Issue.record("\(word.owner).\(word.field) is nowhere")
            }
        }
    }

    @Test func noWordCrossesBySQL() async throws {
        try await APIFixture.with { api in
            let world = try await PlantedWorld(api)
            for reader in [PlantedWorld.Owner.beta, .alpha] {
                let user = APIFixture.id(reader == .alpha ? 51 : 52)
                for claims in [
                    #"{"role":"authenticated","sub":"\#(user.text)"}"#,
                    #"{"role":"authenticated","switchyard_workspace_id":"\#(reader.id.text)"}"#,
                ] {
                    let text = try await api.everyRow(as: "authenticated", claims: claims)
                    for word in world.words where word.owner != reader && !Self.mayCross(word, to: reader) {
                        if text.contains(word.text) {
                            Issue.record("\(reader) reads \(word.owner).\(word.field) by SQL")
                        }
                    }
                    #expect(text.contains(PlantedWorld.Word(owner: reader, field: "workspaceName").text))
                    // The lead of alpha of which beta's is a duplicate, by its id.
                    let original = try await api.ids("SELECT duplicate_of FROM leads WHERE duplicate_of IS NOT NULL")
                    if reader == .beta, text.contains(original[0].text) { Issue.record("beta reads duplicate_of") }
                }
            }
            let text = try await api.everyRow(as: "anon", claims: #"{"role":"anon"}"#)
            for word in world.words where text.contains(word.text) {
                Issue.record("anon reads \(word.owner).\(word.field)")
            }
        }
    }

    /// An operator's reason for a pause of all routing is for operators.
    @Test func pauseOfAllTellsWorkspacesNoReason() async throws {
        try await APIFixture.with { api in
            try await api.run("SELECT switchyard.pause_routing(NULL, 'zqactor', 'zqreason')")
            let seen = try await api.server.get("/api/routing/pauses")
            #expect(seen["pauses"]?[0]?["all"]?.bool == true && !seen.text.contains("zq"), "\(seen.text)")
            #expect(try await api.server.get("/api/routing/pauses", key: "admin-key").text.contains("zqreason"))
        }
    }

    /// A simulation with invented leads says whether another workspace takes leads, and not how many more.
    @Test func simulationDoesNotCountRoomOfOthers() async throws {
        try await APIFixture.with { api in
            let (beta, server) = (APIFixture.beta.text, api.server)
            try await api.agree()
            try await api.run(
                #"UPDATE workspaces SET capacity = '{"caps": [{"per": "total", "limit": 3}]}' WHERE id = '\#(beta)'"#
            )
            let rule = #"{"name":"To beta","destinationWorkspaceId":"\#(beta)","conditions":{}}"#
            #expect(try await server.post("/api/rules", rule).status == 201)
            func routed(_ count: Int, key: String) async throws -> Int {
                let leads = (0..<count)
                    .map { #"{"workspaceId":"\#(APIFixture.alpha.text)","email":"s\#($0)@example.com"}"# }
                let body = #"{"draft":"published","leads":[\#(leads.joined(separator: ","))]}"#
                let report = try await server.post("/api/rules/simulate", body, key: key)
                #expect(report.status == 200, "\(report.text)")
                return report["leads"]?.array?.count { $0["live"]?["outcome"]?.string == "routed" } ?? -1
            }
            #expect(try await routed(10, key: "admin-key") == 3)
            #expect(try await routed(10, key: "alpha-key") == 10)
            for number in 0..<3 { _ = try await server.post("/api/leads", #"{"email":"r\#(number)@example.com"}"#) }
            #expect(try await routed(10, key: "alpha-key") == 0)
        }
    }
}

extension Answer {
    /// The body and the fields of the head.
    fileprivate var everything: String {
        (text + headers.map { "\($0.name)\($0.value)" }.joined()).lowercased()
    }
}

extension APIFixture {
    /// Sends a request of the list.
    fileprivate func send(_ request: PlantedRequests.One, key: String?) async throws -> Answer {
        var headers: HTTPFields = [.accept: request.accept]
        if request.body != nil { headers[.contentType] = request.type }
        return try await server.send(
            request.method,
            request.path,
            key: key,
            headers: headers,
            bytes: request.body.map { Array($0.utf8) }
        )
    }
}
