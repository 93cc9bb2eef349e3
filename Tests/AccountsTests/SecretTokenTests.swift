import Testing

@testable import Accounts

/// Secrets of sessions and links.
struct SecretTokenTests {
    @Test(arguments: SecretToken.Kind.allCases)
    func textIsRead(kind: SecretToken.Kind) {
        let token = SecretToken.random(kind)
        #expect(SecretToken(token.text, kind) == token)
        #expect(token.hash.count == 32)
        for other in SecretToken.Kind.allCases where other != kind { #expect(SecretToken(token.text, other) == nil) }
    }

    @Test func invalidTextsAreRefused() {
        let text = SecretToken.random(.session).text
        let last = text.last == "a" ? "b" : "a"
        for wrong in [
            "", "swy_session_", String(text.dropLast()), text + "a", String(text.dropLast()) + last, " " + text,
        ] {
            #expect(SecretToken(wrong, .session) == nil)
        }
    }

    /// 43 of 62 letters are 256 bits.
    @Test func secretsAreLongAndDiffer() {
        #expect(Set((0..<1000).map { _ in SecretToken.random(.session).hash }).count == 1000)
        #expect(SecretToken.random(.session).text.utf8.count == 12 + 43 + 6)
    }

    @Test func secretIsNotPrinted() {
        let token = SecretToken.random(.session)
        #expect(
            !"\(token)".contains(token.text.suffix(20)) && !String(reflecting: token).contains(token.text.suffix(20))
        )
    }
}
