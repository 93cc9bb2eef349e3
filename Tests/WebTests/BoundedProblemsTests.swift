import JSON
import LeadRouting
import RoutingRules
import Testing
import WebTestSupport

@testable import Web

/// The work and the answer of an invalid request are bounded by its bytes.
@Suite struct BoundedProblemsTests {
    private func members(_ count: Int) -> String { (0..<count).map { #""unknown\#($0)":1"# }.joined(separator: ",") }

    @Test(arguments: ["", #""location":{"#, #""company":{"#])
    func unknownFieldsAreCounted(_ start: String) async throws {
        let body = #"{"email":"a@b.co",\#(start)\#(members(1000))\#(start.isEmpty ? "" : "}")}"#
        try await TestServer.run(.withoutDatabase()) { server in
            let answer = try await server.post("/api/leads", body)
            #expect(answer.isProblem(422))
            #expect(answer["errors"]?.array?.count == 21)
            #expect(answer["errors"]?[20]?["message"]?.string == "And 980 more.")
            #expect(answer["detail"]?.string == "1000 fields are not valid.")
            #expect(answer.text.utf8.count < 16_384)
        }
    }

    @Test func longNamesAreShortened() async throws {
        let body = #"{"email":"a@b.co","\#(String(repeating: "x", count: 100_000))":1}"#
        try await TestServer.run(.withoutDatabase()) { server in
            let answer = try await server.post("/api/leads", body)
            #expect(answer.isProblem(422))
            #expect(answer.text.utf8.count < 1024)
        }
    }

    @Test func leadsOfABatchShareTheLimit() async throws {
        let lead = #"{"email":"a@b.co",\#(members(30))}"#
        let body = #"{"leads":[\#(Array(repeating: lead, count: 50).joined(separator: ","))]}"#
        try await TestServer.run(.withoutDatabase()) { server in
            let answer = try await server.post("/api/leads", body)
            let results = try #require(answer["results"]?.array)
            #expect(results.count == 50)
            let counts = results.map { $0["problem"]?["errors"]?.array?.count ?? 0 }
            // Each lead has its first problem and the count of the others.
            #expect(counts[0] == 21 && counts[1...].allSatisfy { $0 == 2 })
        }
    }

    /// Composing a run of combining characters takes time that grows with the square of its length: this one would take
    /// minutes.
    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            #"{"email":"a@b.co","KEY":1}"#, #"{"email":"a@b.co","location":{"KEY":1,"KEY":1}}"#,
            #"{"email":"a@b.co","company":{"KEY":1}}"#, #"{"leads":[{"KEY":1}],"KEY":1}"#,
            #"{"email":"a@b.co","metadata":{"KEY":1}}"#, #"{"email":"KEY"}"#, #"{"companyName":"KEY"}"#,
            #"{"email":"a@b.co","workspaceId":"KEY"}"#, #"{"email":"a@b.co","location":{"latitude":"KEY"}}"#,
        ]
    )
    func combiningCharactersCostLinearTime(_ body: String) throws {
        let run = [UInt8(ascii: "e")] + (0..<100_000).flatMap { _ in [0xCC, 0x81, 0xCC, 0xA3] as [UInt8] }
        // Joined as bytes: the test must not compare such a text itself.
        var parts: [[UInt8]] = [[]]
        for byte in body.utf8 {
            parts[parts.count - 1].append(byte)
            guard parts[parts.count - 1].suffix(3).elementsEqual("KEY".utf8) else { continue }
            parts[parts.count - 1].removeLast(3)
            parts.append([])
        }
        let bytes = Array(parts.joined(separator: run))
        do {
            switch try Submission.read(bytes, limits: .init()) {
            case .one(let lead): #expect(!lead.problems.isEmpty)
            case .many: Issue.record("read as a batch")
            }
        } catch let problem as Problem {
            #expect(problem.kind == .invalid)
        }
    }

    @Test func closestNameIsBounded() {
        #expect(KnownNames.closest(to: "frist_name", among: ["firstName", "lastName"]) == "firstName")
        #expect(KnownNames.closest(to: "First-Name", among: ["firstName", "lastName"]) == "firstName")
        #expect(KnownNames.closest(to: "zzz", among: ["firstName", "lastName"]) == nil)
        #expect(KnownNames.closest(to: String(repeating: "f", count: 41), among: ["firstName"]) == nil)
    }
}
