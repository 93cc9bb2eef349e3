import FoundationEssentials
import HTTPTypes
import RoutingRules
import Testing

@testable import Web

/// `POST /api/leads` with one lead.
struct LeadSubmissionTests {
    @Test func theGuidesRequestWorksAsPrinted() async throws {
        try await TestServer.run { server in
            let answer = try await server.post("/api/leads", #"{"email": "test1@example.com", "company": "Test 1"}"#)
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
            #expect(answer["destinationWorkspaceId"]?.string == FakeBackend.alpha.text)
            #expect(answer["isDuplicate"]?.bool == false)
            #expect(answer.headers[.location] == "/api/leads/" + (answer["id"]?.string ?? ""))
        }
    }

    @Test(arguments: [
        #"{"email":" A@b.co ","phone":"+1 415 555 0100","firstName":"Ann","lastName":"Ó Sé","companyName":"Acme","industry":"Tech","companySize":"11-50","revenue":"$1M","location":{"country":"US","state":"CA","city":"SF"},"source":"web","sourceId":"7","metadata":{"a":[1,2.50]}}"#,
        #"{"email":"A@b.co","phone":"+1 415 555 0100","first_name":"Ann","last_name":"Ó Sé","company_name":"Acme","company_industry":"Tech","company_size":"11-50","company_revenue":"$1M","company_location":{"country":"US","state":"CA","city":"SF"},"source":"web","source_id":7,"metadata":{"a":[1,2.50]}}"#,
        #"{"email":"A@b.co","phone":"+1 415 555 0100","firstName":"Ann","lastName":"Ó Sé","company":{"name":"Acme","industry":"Tech","size":"11-50","revenue":"$1M"},"location":{"country":"US","state":"CA","city":"SF"},"source":"web","sourceId":"7","metadata":{"a":[1,2.50]}}"#,
    ])
    func everySpellingIsUnderstood(_ body: String) async throws {
        try await TestServer.run { server in
            let answer = try await server.post("/api/leads/decode", body)
            #expect(answer.status == 200)
            #expect(
                answer.text
                    == #"{"workspaceId":"00000000-0000-4000-8000-000000000001","email":"A@b.co","phone":"+1 415 555 0100","firstName":"Ann","lastName":"Ó Sé","companyName":"Acme","industry":"Tech","companySize":"11-50","revenue":"$1M","location":{"country":"US","state":"CA","city":"SF"},"source":"web","sourceId":"7","metadata":{"a":[1,2.50]}}"#
            )
            #expect(server.backend.leadCount == 2, "a dry decode stores nothing")
        }
    }

    @Test func aDuplicateIsSaidButNotWhoseItIs() async throws {
        try await TestServer.run { server in
            let first = try await server.post("/api/leads", #"{"email":"twin@example.com"}"#)
            let other = try await server.post("/api/leads", #"{"email":"Twin@Example.com"}"#, key: "beta-key")
            #expect(other.status == 201)
            #expect(other["isDuplicate"]?.bool == true)
            #expect(other["duplicateLeadId"] == .null)
            #expect(!other.text.contains(first["id"]?.string ?? "?"))
            let own = try await server.post("/api/leads", #"{"email":"twin@example.com"}"#)
            #expect(own["duplicateLeadId"] == first["id"])
        }
    }

    /// Wrong values: the answer names the field under the name it was sent with, and repeats nothing of it.
    @Test(arguments: [
        (#"{}"#, [""]), (#"{"firstName":"Canary"}"#, [""]), (#"{"email":"canary"}"#, ["/email"]),
        (#"{"email":"canary@"}"#, ["/email"]), (#"{"email":5}"#, ["/email"]),
        (#"{"email":["canary@x.co"]}"#, ["/email"]),
        (#"{"email":"a@b.co","first_name":{"canary":1}}"#, ["/first_name"]),
        (#"{"email":"a@b.co","phone":4155550100}"#, ["/phone"]), (#"{"phone":"canary"}"#, ["/phone"]),
        (#"{"email":"a@b.co","company":{"name":["canary"]}}"#, ["/company/name"]),
        (#"{"email":"a@b.co","company":{"canary":1}}"#, ["/company/canary"]),
        (#"{"email":"a@b.co","location":"canary"}"#, ["/location"]),
        (#"{"email":"a@b.co","location":{"state":1}}"#, ["/location/state"]),
        (#"{"email":"a@b.co","location":{"zip":"canary"}}"#, ["/location/zip"]),
        (#"{"email":"a@b.co","metadata":"canary"}"#, ["/metadata"]),
        (#"{"email":"a@b.co","metadata":{"a":"\u0000canary"}}"#, ["/metadata"]),
        (#"{"email":"a@b.co","metadata":{"a":1e999999}}"#, ["/metadata"]),
        (#"{"email":"a@b.co","firstName":"ca\u0000nary"}"#, ["/firstName"]),
        (#"{"email":"a@b.co","emial":"canary"}"#, ["/emial"]),
        (#"{"email":"a@b.co","email":"canary@b.co"}"#, ["/email"]),
        (#"{"email":"a@b.co","e_mail":"canary@b.co"}"#, ["/e_mail"]),
        (#"{"email":"a@b.co","companyName":"x","company":"canary"}"#, ["/company"]),
        (#"{"email":"a@b.co","workspaceId":"canary"}"#, ["/workspaceId"]),
        (#"{"email":"canary","phone":7,"country":"x"}"#, ["/phone", "/country", "/email"]),
        ("[]", [""]), ("\"canary\"", [""]),
    ])
    func wrongValuesAreNamed(_ body: String, _ fields: [String]) async throws {
        try await TestServer.run { server in
            let answer = try await server.post("/api/leads", body)
            #expect(answer.isProblem(422), "\(answer.text)")
            #expect(answer.fields == fields)
            let messages = answer.text.replacing("/company/canary", with: "")
            #expect(!messages.lowercased().contains("canary"))
            #expect(server.backend.leadCount == 2)
        }
    }

    @Test func theRemedyGuessesWhatWasMeant() async throws {
        try await TestServer.run { server in
            let answer = try await server.post("/api/leads", #"{"email":"a@b.co","frist_name":"x"}"#)
            let remedy = answer["errors"]?[0]?["remedy"]?.string ?? ""
            #expect(remedy.contains("first_name") || remedy.contains("firstName"))
            let country = try await server.post("/api/leads", #"{"email":"a@b.co","country":"US"}"#)
            #expect(country["remedy"]?.string?.contains("location") == true)
        }
    }

    @Test func overLongFieldsAreRefused() async throws {
        try await TestServer.run { server in
            let long = String(repeating: "x", count: 1000)
            for field in ["firstName", "companyName", "industry", "source", "sourceId", "phone"] {
                let answer = try await server.post("/api/leads", #"{"email":"a@b.co","\#(field)":"\#(long)"}"#)
                #expect(answer.isProblem(422))
                #expect(answer.fields == ["/" + field])
            }
        }
    }

    @Test(arguments: [
        ("{", 1, 2), ("{\"email\": \"a@b.co\",\n}", 2, 1), ("", 1, 1), ("{\"email\": \"a@b.co\"} x", 1, 21),
        (#"{"email": 'a@b.co'}"#, 1, 11), (#"{"email": "\ud800"}"#, 1, 12),
    ])
    func malformedJSONIsLocated(_ body: String, _ line: Int, _ column: Int) async throws {
        try await TestServer.run { server in
            let answer = try await server.post("/api/leads", body)
            #expect(answer.isProblem(400), "\(answer.text)")
            #expect(answer["position"]?["line"]?.int == line)
            #expect(answer["position"]?["column"]?.int == column)
        }
    }

    @Test func brokenUTF8AndNULBytesAreMalformed() async throws {
        try await TestServer.run { server in
            for bad: [UInt8] in [[0xFF], [0xC3, 0x28], [0x00], [0xED, 0xA0, 0x80]] {
                let bytes = Array(#"{"email":"a@b.co","firstName":""#.utf8) + bad + Array(#""}"#.utf8)
                let answer = try await server.send(.post, "/api/leads", bytes: bytes)
                #expect(answer.isProblem(400))
            }
        }
    }

    @Test func administratorsSayWhoseLeadItIs() async throws {
        try await TestServer.run { server in
            let without = try await server.post("/api/leads", #"{"email":"a@b.co"}"#, key: "admin-key")
            #expect(without.isProblem(422))
            #expect(without.fields == ["/workspaceId"])
            let with = try await server.post(
                "/api/leads",
                #"{"email":"a@b.co","workspace_id":"\#(FakeBackend.beta.uuidString)"}"#,
                key: "admin-key"
            )
            #expect(with.status == 201)
            let unknown = try await server.post(
                "/api/leads",
                #"{"email":"c@b.co","workspaceId":"\#(FakeBackend.id(99).text)"}"#,
                key: "admin-key"
            )
            #expect(unknown.isProblem(422))
            #expect(unknown.fields == ["/workspaceId"])
            let foreign = try await server.post(
                "/api/leads",
                #"{"email":"d@b.co","workspaceId":"\#(FakeBackend.beta.text)"}"#
            )
            #expect(foreign.isProblem(403))
        }
    }

    @Test func anIdempotencyKeyIsReadAndItsReplayTold() async throws {
        try await TestServer.run { server in
            let name = try #require(HTTPField.Name("Idempotency-Key"))
            let replayed = try #require(HTTPField.Name("Idempotency-Replayed"))
            let body = #"{"email":"replay@example.com"}"#
            for key in ["k-1", "\"k-1\""] {
                let answer = try await server.post("/api/leads", body, headers: [name: key])
                #expect(answer.status == 201)
                #expect(answer["reason"]?.string == "true")
                #expect(answer.headers[replayed] == "true")
            }
            let reused = try await server.post("/api/leads", body)
            #expect(reused.isProblem(422))
            #expect(reused.fields == ["Idempotency-Key"])
            for bad in ["", "\"\"", "two words", "schlüssel", String(repeating: "k", count: 256)] {
                let answer = try await server.post("/api/leads", body, headers: [name: bad])
                #expect(answer.isProblem(422), "\(bad)")
                #expect(answer.fields == ["Idempotency-Key"])
            }
            var twice = HTTPFields()
            twice.append(HTTPField(name: name, value: "a"))
            twice.append(HTTPField(name: name, value: "b"))
            #expect(try await server.post("/api/leads", body, headers: twice).isProblem(422))
        }
    }

    @Test func theBackendsRefusalsBecomeStatusCodes() async throws {
        try await TestServer.run { server in
            let overloaded = try await server.post("/api/leads", #"{"email":"overload@example.com"}"#)
            #expect(overloaded.isProblem(503))
            #expect(overloaded.headers[.retryAfter] == "7")
            let down = try await server.post("/api/leads", #"{"email":"down@example.com"}"#)
            #expect(down.isProblem(503))
            #expect(down.headers[.retryAfter] != nil)
            let bug = try await server.post("/api/leads", #"{"email":"bug@example.com"}"#)
            #expect(bug.isProblem(500))
            #expect(!bug.text.contains("Mystery") && !bug.text.contains("p@ssw0rd"))
            #expect(bug["requestId"]?.string == bug.headers[.xRequestID])
        }
    }
}
