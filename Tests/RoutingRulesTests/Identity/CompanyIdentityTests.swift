import RoutingRules
import Testing

@Suite("Company names as identities")
struct CompanyIdentityTests {
    @Test(
        "Normalises",
        arguments: [
            ("Acme", "acme"),
            ("ACME, Inc.", "acme"),
            ("Acme Co., Ltd.", "acme"),
            ("  The   Acme\tCompany ", "the acme"),
            ("Smith & Sons LLC", "smith and sons"),
            ("Smith&Sons", "smith and sons"),
            ("L'Oréal S.A.", "loréal"),
            ("L’Ore\u{301}al SA", "loréal"),
            ("Müller-Lüdenscheidt GmbH", "müller lüdenscheidt"),
            ("MÜLLER GMBH & CO. KG", "müller gmbh and"),
            ("Company", "company"),
            ("Inc.", "inc"),
            ("Co Ltd", "co"),
            ("A.B.", "ab"),
            ("3M Company", "3m"),
            ("Yahoo!", "yahoo"),
            ("AT&T Corp", "at and t"),
            ("&", "and"),
            ("東京 株式会社", "東京 株式会社"),
            ("Acme\u{A0}Inc", "acme"),
            ("ΟΔΟΣ ΑΕ", "οδοσ αε"),
        ]
    )
    func normalises(_ input: String, _ expected: String) {
        #expect(LeadIdentity.normalised(.company, input).map { Array($0.utf8) } == Array(expected.utf8))
    }

    @Test("Refuses", arguments: ["", "  ", "...", "-", "’", "!?", "\u{A0}"])
    func isNone(_ input: String) {
        #expect(LeadIdentity.normalised(.company, input) == nil)
    }

    @Test("Acme and Acme Inc are one company")
    func knownFault() {
        #expect(LeadIdentity(.company, of: "Acme") == LeadIdentity(.company, of: "Acme Inc"))
    }
}
