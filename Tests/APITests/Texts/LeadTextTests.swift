import FoundationEssentials
import HTTPTypes
import RoutingRules
import Testing
import WebTestSupport

/// Texts of leads, in and out: each comes back unchanged, or is refused with its field.
struct LeadTextTests {
    private static let fields = [
        "phone", "firstName", "lastName", "companyName", "industry", "companySize", "revenue", "source", "sourceId",
    ]
    private static let places = ["country", "state", "city"]

    /// A lead with a text in every field but those left out.
    private static func lead(_ number: Int, _ text: String, without refused: Set<String> = []) -> String {
        let value = TextFixtures.json(text)
        var members = [#""email":"n\#(number)@example.com""#]
        members += fields.filter { !refused.contains("/" + $0) }.map { "\"\($0)\":\(value)" }
        let location = places.filter { !refused.contains("/location/" + $0) }.map { "\"\($0)\":\(value)" }
        members.append("\"location\":{\(location.joined(separator: ","))}")
        if !refused.contains("/metadata") {
            members.append("\"metadata\":{\"text\":\(value),\"key\":{\(value):1},\"list\":[\(value)]}")
        }
        return "{\(members.joined(separator: ","))}"
    }

    @Test func naughtyStringsComeBackUnchanged() async throws {
        try await APIFixture.with { api in
            let texts = TextFixtures.naughtyStrings
            #expect(texts.count > 500)
            func send(_ leads: [String]) async throws -> [AnyJSON] {
                let answer = try await api.server.post("/api/leads", "{\"leads\":[\(leads.joined(separator: ","))]}")
                #expect(answer.status == 200, "\(answer.text.prefix(500))")
                return answer["results"]?.array ?? []
            }
            let first = try await send(texts.enumerated().map { Self.lead($0.offset, $0.element) })
            #expect(first.count == texts.count)
            var refused: [Int: Set<String>] = [:]
            for (number, result) in first.enumerated() where result["code"]?.int != 201 {
                let text = texts[number]
                #expect(result["code"]?.int == 422, "\(number): \(text.debugDescription)")
                // Alone, because an answer names a limited number of fields.
                let problem = try await send([Self.lead(number, text)]).first?["problem"]
                let named = (problem?["errors"]?.array ?? []).compactMap { $0["field"]?.string }
                refused[number] = Set(named.map { String($0.dropFirst("/leads/0".count)) })
                // Only what the manual says is refused.
                let isLong = (TextFixtures.asInLead(text)?.unicodeScalars.count ?? 0) > 64
                #expect(TextFixtures.hasControl(text) || isLong, "\(number): \(named) of \(text.debugDescription)")
                #expect(!named.isEmpty && !named.contains("/leads/0/metadata") || text.contains("\0"))
            }
            let numbers = refused.keys.sorted()
            let second = try await send(numbers.map { Self.lead($0, texts[$0], without: refused[$0] ?? []) })
            for (number, result) in zip(numbers, second) {
                #expect(result["code"]?.int == 201, "\(texts[number].debugDescription): \(result)")
            }
            var found = 0
            var cursor: String?
            repeat {
                let path = "/api/leads?limit=200" + (cursor.map { "&cursor=" + $0 } ?? "")
                let page = try await api.server.get(path)
                for lead in page["leads"]?.array ?? [] {
                    let email = lead["email"]?.string ?? ""
                    guard let number = Int(email.dropFirst().prefix { $0 != "@" }) else { continue }
                    found += 1
                    check(lead, texts[number], without: refused[number] ?? [])
                }
                cursor = page["nextCursor"]?.string
            } while cursor != nil
            #expect(found == texts.count)
        }
    }

    private func check(_ lead: AnyJSON, _ text: String, without refused: Set<String>) {
        let expected = TextFixtures.asInLead(text)
        for field in Self.fields where !refused.contains("/" + field) {
            #expect(TextFixtures.isSame(lead[field]?.string, expected), "\(field): \(text.debugDescription)")
        }
        for place in Self.places where !refused.contains("/location/" + place) {
            let stored = lead["location"]?[place]?.string
            #expect(TextFixtures.isSame(stored, expected), "\(place): \(text.debugDescription)")
        }
        guard !refused.contains("/metadata") else { return }
        let metadata = lead["metadata"]
        #expect(TextFixtures.isSame(metadata?["text"]?.string, text), "\(text.debugDescription)")
        #expect(TextFixtures.isSame(metadata?["list"]?[0]?.string, text), "\(text.debugDescription)")
        #expect(TextFixtures.isSame(metadata?["key"]?.keys.first, text), "\(text.debugDescription)")
    }

    /// Texts that are JSON are stored as they mean; texts that are not are refused as a whole.
    @Test func metadataOfJSONTestSuiteComesBackUnchanged() async throws {
        try await APIFixture.with { api in
            #expect(TextFixtures.jsonTexts.count > 300)
            for (number, text) in TextFixtures.jsonTexts.enumerated() {
                let start = Array(#"{"email":"j\#(number)@example.com","metadata":{"value":"#.utf8)
                let body = start + text.bytes + Array("}}".utf8)
                let answer = try await api.server.send(.post, "/api/leads", bytes: body)
                switch (text.name.prefix(1), answer.status) {
                case ("y", 201), ("i", 201):
                    let lead = try await api.server.get("/api/leads/" + (answer["id"]?.string ?? ""))
                    // jsonb keeps the last of two members with the same key, as does Switchyard.
                    guard !text.name.contains("duplicated_key") else { continue }
                    let sent = try? JSONDecoder().decode(AnyJSON.self, from: Data(text.bytes))
                    guard let sent else { continue }
                    let stored = lead["metadata"]?["value"]
                    #expect(stored.map { Self.isSame($0, sent) } == true, "\(text.name): \(lead.text)")
                case ("y", 422), ("i", 422):
                    #expect(answer.fields == ["/metadata"], "\(text.name): \(answer.text)")
                case ("n", 400), ("i", 400): #expect(answer.isProblem(400), "\(text.name)")
                default: Issue.record("\(text.name): \(answer.text)")
                }
            }
        }
    }

    /// As a whole body: never a fault of the server, and 400 for exactly what is no JSON.
    @Test func bodiesOfJSONTestSuiteAreReadOrRefused() async throws {
        try await APIFixture.with { api in
            let deep: [(name: String, bytes: [UInt8])] = [
                ("n_structure_100000_opening_arrays", Array(repeating: UInt8(ascii: "["), count: 100_000)),
                ("n_structure_open_array_object", Array(String(repeating: #"[{"":"#, count: 50_000).utf8)),
            ]
            for text in TextFixtures.jsonTexts + deep {
                for path in ["/api/leads", "/api/leads/decode", "/api/rules", "/api/rules/simulate"] {
                    let answer = try await api.server.send(.post, path, bytes: text.bytes)
                    switch text.name.prefix(1) {
                    case "n":
                        let isTooLarge = answer.isProblem(413) && text.bytes.count > 65_536
                        #expect(answer.isProblem(400) || isTooLarge, "\(path) \(text.name): \(answer.text)")
                    case "y":
                        #expect(answer.status == 422 || answer.status == 200, "\(path) \(text.name): \(answer.text)")
                    default: #expect([200, 400, 422].contains(answer.status), "\(path) \(text.name): \(answer.text)")
                    }
                }
            }
            #expect(try await api.leadCount() == 0)
        }
    }

    private static func isSame(_ left: AnyJSON, _ right: AnyJSON) -> Bool {
        switch (left, right) {
        case (.string(let left), .string(let right)): TextFixtures.isSame(left, right)
        case (.array(let left), .array(let right)):
            left.count == right.count && zip(left, right).allSatisfy { isSame($0, $1) }
        case (.object(let left), .object(let right)):
            left.count == right.count
                && left.allSatisfy { key, value in right[key].map { isSame(value, $0) } == true }
        default: left == right
        }
    }
}
