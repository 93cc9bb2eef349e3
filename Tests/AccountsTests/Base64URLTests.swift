import Testing

@testable import Accounts

/// Base64 of tokens: one spelling for each value.
struct Base64URLTests {
    @Test func everyLengthRoundTrips() {
        for count in 0..<70 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ count) }
            #expect(Base64URL.decode(TokenMaker.base64(bytes).utf8) == bytes)
        }
        #expect(Base64URL.decode("-_-_".utf8) == [0xFB, 0xFF, 0xBF])
    }

    @Test(arguments: ["A", "AAAAA", "AB", "AAB", "AA==", "AA=", "A+AA", "A/AA", "A AA", "AA\n", "ÄA", "AA\u{0}"])
    func otherSpellingsAreRefused(text: String) {
        #expect(Base64URL.decode(text.utf8) == nil)
    }
}
