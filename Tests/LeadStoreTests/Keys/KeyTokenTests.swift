import Testing

@testable import LeadStore

/// The text of keys: recognisable by a pattern and a checksum.
struct KeyTokenTests {
    /// The same checksum as the manual computes with Python's `zlib.crc32`.
    @Test(arguments: [
        ("swy_live_AAAAAAAA00000000000000000000000000000000", "1fAhsK"),
        ("swy_test_AAAAAAAA00000000000000000000000000000000", "22LCF8"),
    ])
    func checksumIsPublished(body: String, checksum: String) throws {
        let token = try #require(APIKeyToken(body + checksum))
        #expect(token.prefix == "AAAAAAAA" && token.text == body + checksum)
        #expect(token.isTest == body.hasPrefix("swy_test_"))
    }

    @Test func randomTokensArePlausible() throws {
        for isTest in [false, true] {
            let tokens = (0..<200).map { _ in APIKeyToken.random(isTest: isTest) }
            #expect(Set(tokens.map(\.text)).count == 200)
            for token in tokens {
                let parsed = try #require(APIKeyToken(token.text))
                #expect(
                    parsed.prefix == token.prefix && parsed.isTest == isTest && parsed.secretHash == token.secretHash
                )
                #expect(token.text.wholeMatch(of: /swy_(live|test)_[0-9A-Za-z]{46}/) != nil)
            }
        }
    }

    /// A wrong letter anywhere is noticed, and so are two that have changed places.
    @Test func wrongLettersAreNoticed() {
        let token = Array(APIKeyToken.random().text)
        for place in token.indices {
            var wrong = token
            wrong[place] = wrong[place] == "a" ? "b" : "a"
            #expect(APIKeyToken(String(wrong)) == nil)
        }
        for place in token.indices.dropLast() where token[place] != token[place + 1] {
            var wrong = token
            wrong.swapAt(place, place + 1)
            #expect(APIKeyToken(String(wrong)) == nil)
        }
    }

    /// A test key with a new checksum is no live key: the kind is part of what is hashed.
    @Test func kindIsPartOfTheHash() throws {
        let test = APIKeyToken.random(isTest: true)
        let live = test.text.dropLast(6).replacing("swy_test_", with: "swy_live_")
        let forged = try #require(APIKeyToken(String(live) + APIKeyToken.checksum(live.utf8)))
        #expect(!forged.isTest && forged.prefix == test.prefix && forged.secretHash != test.secretHash)
    }
}
