import FoundationEssentials
import JSON
import Testing

@testable import Accounts

/// Wycheproof's vectors of JSON web signatures.
struct VectorTests {
    private struct Vector {
        let number: Int
        let isValid: Bool
        let token: String
        let key: JSONValue
    }

    private static func vectors() throws -> [Vector] {
        let file = String(#filePath).replacing("VectorTests.swift", with: "Vectors/json-web-signatures.tsv")
        var key = JSONValue.null
        var vectors: [Vector] = []
        for line in try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n") where line.first != "#" {
            let parts = line.split(separator: "\t", omittingEmptySubsequences: false)
            if parts[0] == "key" {
                key = try #require(JSONValue(json: String(parts[1])))
            } else {
                let number = try #require(Int(parts[0]))
                vectors.append(Vector(number: number, isValid: parts[1] == "valid", token: String(parts[2]), key: key))
            }
        }
        return vectors
    }

    /// Valid by Wycheproof, and refused here: a letter that is not base64 in the header, and in the payload.
    private static let strict: Set<Int> = [372, 373]
    /// Invalid by Wycheproof, for padding that their text does not have: they are a valid token, letter by letter.
    private static let mislabelled: Set<Int> = [367, 370]

    @Test func vectorsAreAcceptedAndRefusedAsPublished() throws {
        var accepted = 0
        var refused = 0
        for vector in try Self.vectors() {
            let key =
                vector.key["kty"]?.string == "oct"
                ? vector.key["k"]?.string.flatMap { Base64URL.decode($0.utf8) }.flatMap(VerificationKey.init(secret:))
                : VerificationKey(jwk: vector.key)
            let isOurs = ["HS256", "ES256", "RS256"].contains(vector.key["alg"]?.string ?? "")
            #expect((key != nil) == isOurs, "vector \(vector.number)")
            let isAccepted =
                if let key { (try? key.verify(SignedToken(vector.token))) != nil } else { false }
            let isValid =
                vector.isValid && !Self.strict.contains(vector.number) || Self.mislabelled.contains(vector.number)
            #expect(isAccepted == (isValid && isOurs), "vector \(vector.number)")
            if isAccepted { accepted += 1 } else { refused += 1 }
        }
        #expect(accepted >= 15 && refused >= 290)
    }
}
