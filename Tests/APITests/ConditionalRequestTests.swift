import FoundationEssentials
import HTTPTypes
import RoutingRules
import Testing
import WebTestSupport

/// ETag, If-Match and If-None-Match, on everything that can be changed.
struct ConditionalRequestTests {
    /// An object that can be changed: its path, and a change, which is nil if it can only be deleted.
    private struct Object {
        let path: String
        let change: (method: HTTPRequest.Method, body: String)?
    }

    private static func objects(_ api: APIFixture) async throws -> [Object] {
        try await api.agree()
        let alpha = APIFixture.alpha.text
        let rule = try await api.server.post("/api/rules", #"{"name":"R","destinationWorkspaceId":"\#(alpha)"}"#)
        let person = try await api.server.post("/api/workspaces/\(alpha)/assignees", #"{"name":"Ada"}"#)
        #expect(rule.status == 201 && person.status == 201)
        let draft = "/api/rule-sets/\(alpha)/draft"
        #expect(try await api.server.send(.put, draft, bytes: Array(#"{"rules":[]}"#.utf8)).status == 200)
        return [
            Object(path: rule.headers[.location] ?? "", change: (.patch, #"{"priority":NUMBER}"#)),
            Object(path: person.headers[.location] ?? "", change: (.patch, #"{"weight":NUMBER}"#)),
            Object(path: "/api/workspaces/\(alpha)", change: (.patch, #"{"name":"Alpha NUMBER"}"#)),
            Object(path: draft, change: (.put, #"{"rules":[{"name":"R NUMBER","destination":"\#(alpha)"}]}"#)),
            Object(path: "/api/agreements/\(APIFixture.beta.text)/\(alpha)", change: nil),
        ]
    }

    /// Keys that may do everything to the object.
    private static func key(_ object: Object) -> String {
        object.path.hasPrefix("/api/agreements")
            ? "beta-key" : object.path.hasSuffix("draft") ? "alpha-key" : "admin-key"
    }

    @Test func changesRequireTheVersionThatTheClientNames() async throws {
        try await APIFixture.with { api in
            for object in try await Self.objects(api) {
                let (server, path, key) = (api.server, object.path, Self.key(object))
                let read = try await server.get(path, key: key)
                let tag = try #require(read.headers[.eTag], "\(path): \(read.text)")
                let known = try await server.send(.get, path, key: key, headers: [.ifNoneMatch: tag])
                #expect(known.status == 304 && known.text.isEmpty && known.headers[.eTag] == tag, "\(path)")
                let other = try await server.send(.get, path, key: key, headers: [.ifNoneMatch: "\"x\""])
                #expect(other.status == 200 && other.text == read.text, "\(path)")
                if let (method, body) = object.change {
                    func change(_ number: Int, _ header: String) async throws -> Answer {
                        let body = Array(body.replacing("NUMBER", with: "\(number)").utf8)
                        return try await server.send(method, path, key: key, headers: [.ifMatch: header], bytes: body)
                    }
                    let refused = try await change(1, "\"x\"")
                    #expect(refused.isProblem(412) && refused.headers[.eTag] == tag, "\(path): \(refused.text)")
                    let changed = try await change(2, tag)
                    #expect(changed.status == 200, "\(path): \(changed.text)")
                    let next = try #require(changed.headers[.eTag])
                    #expect(next != tag)
                    let stale = try await change(3, tag)
                    #expect(stale.isProblem(412) && stale.headers[.eTag] == next, "\(path)")
                    #expect(try await server.get(path, key: key).headers[.eTag] == next)
                    #expect(try await change(4, "\(tag), \(next)").status == 200)
                    #expect(try await change(5, "*").status == 200)
                }
                let stale = try await server.send(.delete, path, key: key, headers: [.ifMatch: "\"x\""])
                #expect(stale.isProblem(412), "\(path)")
                let malformed = try await server.send(.delete, path, key: key, headers: [.ifMatch: "x"])
                #expect(malformed.isProblem(422) && malformed.fields == ["If-Match"], "\(path)")
                let last = try #require(try await server.get(path, key: key).headers[.eTag])
                // The workspace stays, since the others need it.
                if path == "/api/workspaces/\(APIFixture.alpha.text)" { continue }
                #expect(
                    try await server.send(.delete, path, key: key, headers: [.ifMatch: last]).status == 204,
                    "\(path)"
                )
                let gone = try await server.send(.delete, path, key: key, headers: [.ifMatch: last])
                #expect(gone.isProblem(404), "\(path)")
            }
        }
    }

    /// Twelve clients change the version that they all have read: one does, and the others learn that it is gone.
    @Test func concurrentWritersLoseNoUpdate() async throws {
        try await APIFixture.with { api in
            for object in try await Self.objects(api).dropLast() {
                let (server, path, key) = (api.server, object.path, Self.key(object))
                guard let (method, body) = object.change else { continue }
                let tag = try #require(try await server.get(path, key: key).headers[.eTag])
                let statuses = try await withThrowingTaskGroup(of: Int.self) { tasks in
                    for number in 10..<22 {
                        tasks.addTask {
                            let body = Array(body.replacing("NUMBER", with: "\(number)").utf8)
                            return try await server.send(method, path, key: key, headers: [.ifMatch: tag], bytes: body)
                                .status
                        }
                    }
                    return try await tasks.reduce(into: []) { $0.append($1) }
                }
                #expect(statuses.count { $0 == 200 } == 1, "\(path): \(statuses)")
                // A draft is checked in its tenant's turn, which only so many wait for.
                #expect(statuses.count { $0 == 412 || $0 == 429 } == 11, "\(path): \(statuses)")
            }
        }
    }

    /// The database's clock may stand still or go back between two changes.
    @Test func versionRisesWhateverTheClockSays() async throws {
        try await APIFixture.with { api in
            let objects = try await Self.objects(api).dropLast()
            for table in ["lead_routing_rules", "workspaces", "workspace_assignees", "switchyard.rule_set_drafts"] {
                try await api.run("UPDATE \(table) SET updated_at = now() + interval '1 hour'")
            }
            for object in objects {
                guard let (method, body) = object.change else { continue }
                var tags = [try await api.server.get(object.path, key: Self.key(object)).headers[.eTag]]
                for number in 2..<5 {
                    let bytes = Array(body.replacing("NUMBER", with: "\(number)").utf8)
                    let changed = try await api.server.send(method, object.path, key: Self.key(object), bytes: bytes)
                    #expect(changed.status == 200)
                    tags.append(changed.headers[.eTag])
                }
                #expect(Set(tags).count == 4 && !tags.contains(nil), "\(object.path)")
            }
        }
    }

    @Test func draftIsCreatedOnce() async throws {
        try await APIFixture.with { api in
            let path = "/api/rule-sets/\(APIFixture.alpha.text)/draft"
            let body = Array(#"{"rules":[]}"#.utf8)
            let missing = try await api.server.send(.put, path, headers: [.ifMatch: "*"], bytes: body)
            #expect(missing.isProblem(412) && missing.headers[.eTag] == nil)
            let statuses = try await withThrowingTaskGroup(of: Int.self) { tasks in
                for _ in 0..<6 {
                    tasks.addTask {
                        try await api.server.send(.put, path, headers: [.ifNoneMatch: "*"], bytes: body).status
                    }
                }
                return try await tasks.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.count { $0 == 200 } == 1 && statuses.allSatisfy { [200, 412, 429].contains($0) })
        }
    }

    @Test func ruleSetHasItsVersionAsTag() async throws {
        try await APIFixture.with { api in
            let path = "/api/rule-sets/\(APIFixture.alpha.text)"
            let read = try await api.server.get(path)
            let tag = try #require(read.headers[.eTag])
            #expect(tag == "\"v\(read["version"]?.int ?? -1)\"")
            #expect(try await api.server.send(.get, path, headers: [.ifNoneMatch: tag]).status == 304)
            let rule = #"{"name":"R","destinationWorkspaceId":"\#(APIFixture.alpha.text)"}"#
            #expect(try await api.server.post("/api/rules", rule).status == 201)
            #expect(try await api.server.send(.get, path, headers: [.ifNoneMatch: tag]).status == 200)
        }
    }
}
