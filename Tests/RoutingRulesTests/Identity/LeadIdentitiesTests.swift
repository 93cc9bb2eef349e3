import RoutingRules
import Testing

@Suite("Identities of a lead")
struct LeadIdentitiesTests {
    @Test("An address and a number are two claims, the address the stronger")
    func person() {
        let identities = LeadIdentities(
            email: "ann@example.com",
            phone: "555-010-0199",
            companyName: "Acme"
        )
        #expect(identities.claims.map(\.kind) == [.email, .phone])
        #expect(identities.strongest?.kind == .email)
    }

    @Test("A company counts only when it stands alone")
    func company() {
        #expect(
            LeadIdentities(email: nil, phone: "n/a", companyName: "Acme").claims.map(\.kind) == [.company]
        )
        #expect(
            LeadIdentities(email: nil, phone: "5550100199", companyName: "Acme").claims.map(\.kind) == [
                .phone
            ]
        )
    }

    @Test("Blank leads have no identity, and so are no duplicates of each other")
    func blank() {
        #expect(LeadIdentities(email: nil, phone: nil, companyName: nil).claims.isEmpty)
        #expect(LeadIdentities(email: " ", phone: "", companyName: ".").strongest == nil)
    }

    @Test("The digest is SHA-256 of kind, colon and value")
    func digest() {
        let email = LeadIdentity(.email, of: "Ann@Example.com")
        #expect(email?.digest.count == 32)
        #expect(email?.hex == "35f3b3170d36d0a179d1bf8e9cf8cfc364ca33bccbc6a94127b30f3d71b365e2")
    }

    @Test("The kind is inside the digest, so that values of two kinds never collide")
    func kinds() {
        let digests = LeadIdentity.Kind.allCases.compactMap { LeadIdentity($0, of: "5550100@199") }
            .map(
                \.digest
            )
        #expect(digests.count == 3)
        #expect(Set(digests).count == 3)
        let split = LeadIdentities(email: "a|b@x.test", phone: nil, companyName: "c")
        let other = LeadIdentities(email: "a@x.test", phone: nil, companyName: "b|c")
        #expect(split.strongest != other.strongest)
    }
}
