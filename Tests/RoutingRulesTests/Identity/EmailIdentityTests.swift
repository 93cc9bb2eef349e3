import RoutingRules
import Testing

@Suite("Email addresses as identities")
struct EmailIdentityTests {
    @Test(
        "Normalises",
        arguments: [
            ("Ann.Lee@Example.COM", "ann.lee@example.com"),
            (" \t\r\n\u{B}\u{C}ann@example.com \u{A0}", "ann@example.com"),
            ("a.n.n+news+x@gmail.com", "ann@gmail.com"),
            ("A.N.N@GoogleMail.com", "ann@gmail.com"),
            ("ann+x@example.com", "ann+x@example.com"),
            ("ann.b@mail.gmail.com", "ann.b@mail.gmail.com"),
            ("jose\u{301}@example.com", "jos\u{E9}@example.com"),
            ("JOSÉ@EXAMPLE.COM", "jos\u{E9}@example.com"),
            ("ΝΙΚΟΣ@example.com", "νικοσ@example.com"),
            ("İ@example.com", "i\u{307}@example.com"),
            ("\u{212A}@example.com", "k@example.com"),
            ("a@b", "a@b"),
        ]
    )
    func normalises(_ input: String, _ expected: String) {
        #expect(LeadIdentity.normalised(.email, input).map { Array($0.utf8) } == Array(expected.utf8))
    }

    @Test(
        "Refuses",
        arguments: [
            "", " ", "ann", "@", "ann@", "@example.com", "a@b@c", "a n@example.com",
            "a\u{A0}n@example.com",
            "ann@exam\nple.com", "+x@gmail.com", "...@googlemail.com", "\u{A0}\u{A0}",
        ]
    )
    func isNone(_ input: String) {
        #expect(LeadIdentity.normalised(.email, input) == nil)
        #expect(LeadIdentity(.email, of: input) == nil)
        #expect(!LeadIdentity.exists(.email, of: input))
    }

    @Test("Composed and decomposed spellings are one address")
    func canonicalEquivalents() {
        #expect(
            LeadIdentity(.email, of: "zoë@example.com")
                == LeadIdentity(.email, of: "zoe\u{308}@example.com")
        )
        // Marks in another order, Hangul, and a singleton.
        #expect(
            LeadIdentity(.email, of: "a\u{323}\u{307}@x.test")
                == LeadIdentity(.email, of: "a\u{307}\u{323}@x.test")
        )
        #expect(
            LeadIdentity(.email, of: "한@x.test")
                == LeadIdentity(.email, of: "\u{1112}\u{1161}\u{11AB}@x.test")
        )
        #expect(LeadIdentity(.email, of: "Å@x.test") == LeadIdentity(.email, of: "\u{212B}@x.test"))
    }
}
