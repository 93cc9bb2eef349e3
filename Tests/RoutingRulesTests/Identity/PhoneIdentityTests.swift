import RoutingRules
import Testing

@Suite("Phone numbers as identities")
struct PhoneIdentityTests {
    @Test(
        "Normalises",
        arguments: [
            ("+1 (555) 010-0199", "5550100199"),
            ("555-010-0199", "5550100199"),
            ("1.555.010.0199", "5550100199"),
            ("001 555 010 0199", "5550100199"),
            ("5550100199 ext. 12", "5550100199"),
            ("5550100199EXT12", "5550100199"),
            ("5550100199 x 7 ", "5550100199"),
            ("5550100199#123", "5550100199"),
            ("555-010-0199\u{A0}x\u{A0}12\u{A0}", "5550100199"),
            ("+15550100199;ext=44", "5550100199"),
            ("+44 (0)20 7946 0958", "442079460958"),
            ("0044 20 7946 0958", "442079460958"),
            ("+49 (0) 30 901820", "4930901820"),
            ("020 7946 0958", "02079460958"),
            ("1234567", "1234567"),
            ("123456789012345", "123456789012345"),
            ("tel:555-010-0199", "5550100199"),
        ]
    )
    func normalises(_ input: String, _ expected: String) {
        #expect(LeadIdentity.normalised(.phone, input) == expected)
    }

    @Test(
        "Refuses",
        arguments: [
            "", "n/a", "123456", "1234567890123456", "0000000", "5555555555", "+1 111 111 1111", "ext 12",
            "x",
            "٠١٢٣٤٥٦٧٨٩",
        ]
    )
    func isNone(_ input: String) {
        #expect(LeadIdentity.normalised(.phone, input) == nil)
    }

    @Test("Two notations of a number are one identity")
    func knownFault() {
        #expect(
            LeadIdentity(.phone, of: "+1 (555) 010-0199") == LeadIdentity(.phone, of: "555-010-0199")
        )
    }
}
