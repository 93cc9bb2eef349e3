import RoutingRules
import Testing

struct PersonalMaskTests {
    private let lead = Lead(
        email: "Ann.Smith@example.com",
        phone: "+49 30 901820",
        firstName: "Ann",
        lastName: "Smith",
        companyName: "Smith & Sons"
    )

    @Test(arguments: [
        ("No room for Ann Smith", "No room for … …"),
        ("No room for ann.smith@EXAMPLE.com today", "No room for … today"),
        ("bob@elsewhere.org was here", "… was here"),
        ("call +49 30 901820 now", "call … now"),
        ("call (030) 90 18 20 now", "call … now"),
        ("Key (email)=(ann.smith@example.com) already exists", "Key (email)=(…) already exists"),
        ("row is (1,Ann,Smith,x)", "row is (…)"),
        ("customer SMITH & SONS is blocked", "customer … is blocked"),
        (#"relation "crm_outbox" does not exist"#, #"relation "crm_outbox" does not exist"#),
        ("partition leads_20260131 is missing", "partition leads_20260131 is missing"),
        ("Planning failed after 3 of 12 tries", "Planning failed after 3 of 12 tries"),
        ("Annual limit", "Annual limit"),
        ("two\nlines", "two lines"),
    ])
    func removesPersonalData(message: String, expected: String) {
        #expect(PersonalMask(lead).masked(message) == expected)
    }

    @Test func boundsLengthAndWork() {
        #expect(PersonalMask(nil).masked(String(repeating: "word ", count: 100_000)).count == 300)
    }
}
