import FoundationEssentials
import RoutingRules
import Testing

/// The vectors that the database's `switchyard.lead_identity()` made, so that both sides agree to the bit.
@Suite("Identities as the database makes them")
struct IdentityVectorTests {
    struct Vector: Decodable, CustomTestStringConvertible {
        let kind: String
        let input: String
        let normalised: String?
        let sha256: String?
        var testDescription: String { "\(kind) \(input.debugDescription)" }
    }

    static func vectors(_ path: String = #filePath) throws -> [Vector] {
        let tests = path.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
            .joined(
                separator: "/"
            )
        guard let data = FileManager.default.contents(atPath: tests + "/Fixtures/identity-vectors.json")
        else { return [] }
        return try JSONDecoder().decode([Vector].self, from: data)
    }

    @Test("Every vector agrees")
    func sameAsDatabase() throws {
        let vectors = try Self.vectors()
        #expect(vectors.count >= 20, "Tests/Fixtures/identity-vectors.json holds the vectors")
        for vector in vectors {
            let kind = try #require(LeadIdentity.Kind(rawValue: vector.kind))
            let normalised = LeadIdentity.normalised(kind, vector.input)
            // Bytes, because String equality takes canonical equivalents for equal.
            #expect(
                normalised.map { Array($0.utf8) } == vector.normalised.map { Array($0.utf8) },
                "\(vector)"
            )
            #expect(LeadIdentity(kind, of: vector.input)?.hex == vector.sha256, "\(vector)")
        }
    }
}
