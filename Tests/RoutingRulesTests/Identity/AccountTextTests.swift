import Testing

@testable import RoutingRules

/// The texts by which a person signs in.
struct AccountTextTests {
    @Test(arguments: [
        ("ada@example.com", "ada@example.com"), ("  ADA@Example.COM\n", "ada@example.com"),
        ("a.d.a+tag@gmail.com", "a.d.a+tag@gmail.com"), ("ame\u{301}lie@example.com", "am\u{e9}lie@example.com"),
    ])
    func emailHasOneSpelling(text: String, email: String) { #expect(AccountText.email(text) == email) }

    @Test(arguments: [
        "", "ada", "@example.com", "ada@", "a@b@c", "a da@example.com", "ada@example.com\0", "ada\u{a0}x@example.com",
        String(repeating: "a", count: 400) + "@example.com",
    ])
    func otherTextsAreNoAddress(text: String) { #expect(AccountText.email(text) == nil) }

    /// One keyboard sends é as one scalar, another as two.
    @Test func passwordIsComposedAndNothingElse() {
        #expect(Array(AccountText.password(" cafe\u{301}").unicodeScalars) == Array(" caf\u{e9}".unicodeScalars))
    }
}
