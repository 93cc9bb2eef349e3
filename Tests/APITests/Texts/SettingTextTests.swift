import FoundationEssentials
import HTTPTypes
import RoutingRules
import Testing
import WebTestSupport

/// Texts of rules, workspaces, people, keys and notes, in and out.
struct SettingTextTests {
    /// A field of the API that takes a text.
    struct TextField: Sendable, CustomTestStringConvertible {
        /// Its name in messages.
        let testDescription: String
        /// The pointer that a refusal names.
        let pointer: String
        /// Sends a text as JSON, and returns the answer that has the stored text.
        let send: @Sendable (APIFixture, String) async throws -> Answer
        /// Finds the stored text.
        let stored: @Sendable (Answer) -> String?
    }

    private static let alpha = APIFixture.alpha.text
    private static let rule = APIFixture.id(70).text
    private static let person = APIFixture.id(71).text

    private static func patch(_ api: APIFixture, _ path: String, _ body: String, key: String) async throws -> Answer {
        try await api.server.send(.patch, path, key: key, bytes: Array(body.utf8))
    }

    static let fields: [TextField] = [
        TextField(testDescription: "name of a rule", pointer: "/name") { api, text in
            try await patch(api, "/api/rules/\(rule)", "{\"name\":\(text)}", key: "alpha-key")
        } stored: {
            $0["name"]?.string
        },
        TextField(testDescription: "list of a rule", pointer: "/conditions/industries/0") { api, text in
            try await patch(api, "/api/rules/\(rule)", "{\"conditions\":{\"industries\":[\(text)]}}", key: "alpha-key")
        } stored: {
            $0["conditions"]?["industries"]?[0]?.string
        },
        TextField(testDescription: "value of a condition", pointer: "/conditions/where/value") { api, text in
            let tree = "{\"field\":\"company\",\"op\":\"equals\",\"value\":\(text)}"
            return try await patch(api, "/api/rules/\(rule)", "{\"conditions\":{\"where\":\(tree)}}", key: "alpha-key")
        } stored: {
            $0["conditions"]?["where"]?["value"]?.string
        },
        TextField(testDescription: "name of a workspace", pointer: "/name") { api, text in
            try await patch(api, "/api/workspaces/\(alpha)", "{\"name\":\(text)}", key: "admin-key")
        } stored: {
            $0["name"]?.string
        },
        TextField(testDescription: "name of a person", pointer: "/name") { api, text in
            try await patch(api, "/api/workspaces/\(alpha)/assignees/\(person)", "{\"name\":\(text)}", key: "alpha-key")
        } stored: {
            $0["name"]?.string
        },
        TextField(testDescription: "reason of a pause", pointer: "/reason") { api, text in
            let done = try await api.server.post("/api/routing/pause", "{\"reason\":\(text)}")
            guard done.status == 200 else { return done }
            let pauses = try await api.server.get("/api/routing/pauses")
            _ = try await api.server.post("/api/routing/resume", "{}")
            return pauses
        } stored: {
            $0["pauses"]?[0]?["reason"]?.string
        },
        TextField(testDescription: "reason of a suspension", pointer: "/reason") { api, text in
            let path = "/api/workspaces/\(APIFixture.beta.text)/suspension"
            let body = Array("{\"reason\":\(text)}".utf8)
            let done = try await api.server.send(.put, path, key: "admin-key", bytes: body)
            guard done.status == 200 else { return done }
            let workspace = try await api.server.get("/api/workspaces/\(APIFixture.beta.text)", key: "admin-key")
            // The reason of a suspension stays until it is lifted.
            _ = try await api.server.send(.delete, path, key: "admin-key")
            return workspace
        } stored: {
            $0["suspensionReason"]?.string
        },
        TextField(testDescription: "name of a key", pointer: "/name") { api, text in
            try await api.server.post("/api/keys", "{\"name\":\(text),\"workspaceId\":\"\(alpha)\"}", key: "admin-key")
        } stored: {
            $0["name"]?.string
        },
        TextField(testDescription: "name of a draft's rule", pointer: "/rules/0/name") { api, text in
            let body = "{\"rules\":[{\"name\":\(text),\"destination\":\"\(alpha)\"}]}"
            return try await api.server.send(.put, "/api/rule-sets/\(alpha)/draft", bytes: Array(body.utf8))
        } stored: {
            $0["rules"]?[0]?["name"]?.string
        },
    ]

    @Test(arguments: fields)
    func naughtyStringsComeBackUnchanged(_ field: TextField) async throws {
        try await APIFixture.with { api in
            let body = #"{"id":"\#(Self.rule)","name":"R","destinationWorkspaceId":"\#(Self.alpha)"}"#
            #expect(try await api.server.post("/api/rules", body).status == 201)
            let ada = #"{"id":"\#(Self.person)","name":"Ada"}"#
            #expect(try await api.server.post("/api/workspaces/\(Self.alpha)/assignees", ada).status == 201)
            var stored = 0
            for text in TextFixtures.naughtyStrings {
                let answer = try await field.send(api, TextFixtures.json(text))
                if answer.status == 422 {
                    let isLong = text.unicodeScalars.count > 200 || text.utf8.count > 200
                    let isBlank = TextFixtures.trimmed(text) == nil
                    #expect(
                        isLong || isBlank || TextFixtures.hasControl(text),
                        "\(text.debugDescription): \(answer.text)"
                    )
                    #expect(
                        answer.fields.contains { $0.hasPrefix(field.pointer) },
                        "\(text.debugDescription): \(answer.text)"
                    )
                } else {
                    #expect([200, 201].contains(answer.status), "\(text.debugDescription): \(answer.text)")
                    let found = field.stored(answer)
                    let isSame =
                        TextFixtures.isSame(found, TextFixtures.trimmed(text)) || TextFixtures.isSame(found, text)
                    #expect(isSame, "\(text.debugDescription) became \(found.debugDescription)")
                    stored += 1
                }
            }
            #expect(stored > 400, "\(stored)")
        }
    }
}
