import FoundationEssentials
import HTTPTypes
import Testing
import WebTestSupport

@testable import Web

/// Reading leads from bodies: what needs no database.
struct LeadDecodingTests {
    @Test(arguments: [
        #"{"email":" A@b.co ","phone":"+1 415 555 0100","firstName":"Ann","lastName":"Ó Sé","companyName":"Acme","industry":"Tech","companySize":"11-50","revenue":"$1M","location":{"country":"US","state":"CA","city":"SF"},"source":"web","sourceId":"7","metadata":{"a":[1,2.50]}}"#,
        #"{"email":"A@b.co","phone":"+1 415 555 0100","first_name":"Ann","last_name":"Ó Sé","company_name":"Acme","company_industry":"Tech","company_size":"11-50","company_revenue":"$1M","company_location":{"country":"US","state":"CA","city":"SF"},"source":"web","source_id":7,"metadata":{"a":[1,2.50]}}"#,
        #"{"email":"A@b.co","phone":"+1 415 555 0100","firstName":"Ann","lastName":"Ó Sé","company":{"name":"Acme","industry":"Tech","size":"11-50","revenue":"$1M"},"location":{"country":"US","state":"CA","city":"SF"},"source":"web","sourceId":"7","metadata":{"a":[1,2.50]}}"#,
    ])
    func everySpellingIsAccepted(_ body: String) async throws {
        try await TestServer.run(.withoutDatabase()) { server in
            let named = #"{"workspaceId":"00000000-0000-4000-8000-000000000001","# + body.dropFirst()
            let answer = try await server.post("/api/leads/decode", named)
            #expect(answer.status == 200)
            #expect(
                answer.text
                    == #"{"workspaceId":"00000000-0000-4000-8000-000000000001","email":"A@b.co","phone":"+1 415 555 0100","firstName":"Ann","lastName":"Ó Sé","companyName":"Acme","industry":"Tech","companySize":"11-50","revenue":"$1M","location":{"country":"US","state":"CA","city":"SF"},"source":"web","sourceId":"7","metadata":{"a":[1,2.50]}}"#
            )
        }
    }

    /// Invalid values: the answer names the field as it was sent, and does not repeat the value.
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
        try await TestServer.run(.withoutDatabase()) { server in
            let answer = try await server.post("/api/leads", body)
            #expect(answer.isProblem(422), "\(answer.text)")
            #expect(answer.fields == fields)
            let messages = answer.text.replacing("/company/canary", with: "")
            #expect(!messages.lowercased().contains("canary"))
        }
    }

    @Test func remedySuggestsClosestField() async throws {
        try await TestServer.run(.withoutDatabase()) { server in
            let answer = try await server.post("/api/leads", #"{"email":"a@b.co","frist_name":"x"}"#)
            let remedy = answer["errors"]?[0]?["remedy"]?.string ?? ""
            #expect(remedy.contains("first_name") || remedy.contains("firstName"))
            let country = try await server.post("/api/leads", #"{"email":"a@b.co","country":"US"}"#)
            #expect(country["remedy"]?.string?.contains("location") == true)
        }
    }

    @Test func overlongFieldsAreRefused() async throws {
        try await TestServer.run(.withoutDatabase()) { server in
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
        try await TestServer.run(.withoutDatabase()) { server in
            let answer = try await server.post("/api/leads", body)
            #expect(answer.isProblem(400), "\(answer.text)")
            #expect(answer["position"]?["line"]?.int == line)
            #expect(answer["position"]?["column"]?.int == column)
        }
    }

    @Test func invalidUTF8AndNULAreMalformed() async throws {
        try await TestServer.run(.withoutDatabase()) { server in
            for bad: [UInt8] in [[0xFF], [0xC3, 0x28], [0x00], [0xED, 0xA0, 0x80]] {
                let bytes = Array(#"{"email":"a@b.co","firstName":""#.utf8) + bad + Array(#""}"#.utf8)
                let answer = try await server.send(.post, "/api/leads", bytes: bytes)
                #expect(answer.isProblem(400))
            }
        }
    }

    @Test func administratorMustNameWorkspace() async throws {
        try await TestServer.run(.withoutDatabase()) { server in
            let one = try await server.post("/api/leads/decode", #"{"email":"a@b.co"}"#)
            #expect(one.isProblem(422))
            #expect(one.fields == ["/workspaceId"])
            let many = try await server.post("/api/leads/decode", #"{"leads":[{"email":"a@b.co"},{"email":"b"}]}"#)
            let problems = many["results"]?.array?.map { $0["problem"]?["errors"]?[0]?["field"]?.string }
            #expect(problems == ["/leads/0/workspaceId", "/leads/1/email"])
        }
    }

    @Test(arguments: ["", "\"\"", "two words", "schlüssel", String(repeating: "k", count: 256)])
    func invalidIdempotencyKeyIsRefused(_ key: String) async throws {
        try await TestServer.run(.withoutDatabase()) { server in
            let name = try #require(HTTPField.Name("Idempotency-Key"))
            let answer = try await server.post("/api/leads", #"{"email":"a@b.co"}"#, headers: [name: key])
            #expect(answer.isProblem(422))
            #expect(answer.fields == ["Idempotency-Key"])
        }
    }

    @Test func repeatedIdempotencyKeyHeaderIsRefused() async throws {
        try await TestServer.run(.withoutDatabase()) { server in
            let name = try #require(HTTPField.Name("Idempotency-Key"))
            var twice = HTTPFields()
            twice.append(HTTPField(name: name, value: "a"))
            twice.append(HTTPField(name: name, value: "b"))
            #expect(try await server.post("/api/leads", #"{"email":"a@b.co"}"#, headers: twice).isProblem(422))
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
    func invalidBatchIsRefusedWhole(_ body: String, _ status: Int, _ field: String?) async throws {
        try await TestServer.run(.withoutDatabase()) { server in
            let answer = try await server.post("/api/leads", body)
            #expect(answer.isProblem(status), "\(answer.text)")
            #expect(answer.fields.first == field)
        }
    }

    @Test func batchHoldsUpToThousandLeads() async throws {
        try await TestServer.run(.withoutDatabase()) { server in
            func body(_ count: Int) -> String {
                let leads = (0..<count).map { #"{"email":"lead\#($0)@example.com"}"# }
                return #"{"workspaceId":"00000000-0000-4000-8000-000000000001","leads":["#
                    + leads.joined(separator: ",") + "]}"
            }
            let tooMany = try await server.post("/api/leads/decode", body(1001))
            #expect(tooMany.isProblem(422))
            #expect(tooMany.fields == ["/leads"])
            let most = try await server.post("/api/leads/decode", body(1000))
            #expect(most["results"]?.array?.count == 1000)
        }
    }
}
