import RoutingRules
import Testing

@Suite("Validation of leads")
struct LeadValidationTests {
    private func fields(_ lead: Lead) -> [String] {
        do throws(InvalidLead) {
            _ = try LeadValidation.validated(lead)
            return []
        } catch {
            return error.problems.map(\.field)
        }
    }

    @Test("Trims, joins lines and drops blank values")
    func cleans() throws {
        let lead = try LeadValidation.validated(
            Lead(
                email: " ann@example.com\u{A0}",
                phone: "  ",
                firstName: "",
                lastName: "Lee\r\n Smith",
                companyName: "Acme  \u{A0}Inc",
                location: LeadLocation(country: " ", state: "\n", city: ""),
                metadata: "  {\"a\": 1}\n"
            )
        )
        #expect(lead.email == "ann@example.com")
        #expect(lead.phone == nil)
        #expect(lead.firstName == nil)
        #expect(lead.lastName == "Lee Smith")
        #expect(lead.companyName == "Acme  \u{A0}Inc")
        #expect(lead.location == nil)
        #expect(lead.metadata == "{\"a\": 1}")
    }

    @Test("Keeps text in any script")
    func keepsScripts() throws {
        let lead = Lead(
            email: "x@example.com",
            firstName: "Zoë",
            lastName: "مُحَمَّد",
            companyName: "東京電力\u{1F600}"
        )
        #expect(try LeadValidation.validated(lead) == lead)
    }

    @Test("One of address, number and company is needed")
    func needsIdentity() {
        #expect(fields(Lead()) == [""])
        #expect(fields(Lead(firstName: "Ann")) == [""])
        #expect(fields(Lead(companyName: "...")) == [""])
        #expect(fields(Lead(phone: "n/a")) == ["/phone"])
        #expect(fields(Lead(phone: "n/a", companyName: "Acme")) == [])
        #expect(fields(Lead(phone: "555-010-0199")) == [])
        #expect(fields(Lead(companyName: "Acme")) == [])
        #expect(fields(Lead(email: "ann@example.com", phone: "n/a")) == [])
    }

    @Test(
        "Refuses an invalid address despite other identities",
        arguments: [
            "ann", "ann@", "a@b@c.test", "a b@c.test", "a\nb@c.test", "ann@example..com", "ann@.com",
            "ann@c.",
        ]
    )
    func address(_ email: String) {
        #expect(fields(Lead(email: email, phone: "555-010-0199")) == ["/email"])
    }

    @Test("Counts characters, not bytes")
    func lengths() {
        let name = String(repeating: "é", count: 200)
        #expect(fields(Lead(email: "a@b.test", firstName: name)) == [])
        #expect(fields(Lead(email: "a@b.test", firstName: name + "e")) == ["/firstName"])
        #expect(
            fields(Lead(email: "a@b.test", companyName: String(repeating: "x", count: 301))) == [
                "/companyName"
            ]
        )
        #expect(fields(Lead(email: String(repeating: "x", count: 314) + "@b.test")) == ["/email"])
        #expect(fields(Lead(email: String(repeating: "x", count: 313) + "@b.test")) == [])
        #expect(fields(Lead(email: "a@b.test", phone: String(repeating: "5", count: 65))) == ["/phone"])
    }

    @Test("Names every invalid field by its place in the API")
    func allFaults() {
        let long = String(repeating: "x", count: 400)
        let lead = Lead(
            email: long,
            phone: long,
            firstName: long,
            lastName: long,
            companyName: long,
            industry: long,
            companySize: long,
            revenue: long,
            location: LeadLocation(country: long, state: long, city: long),
            source: long,
            sourceID: long,
            metadata: "[]"
        )
        #expect(
            fields(lead) == [
                "/email", "/phone", "/firstName", "/lastName", "/companyName", "/industry", "/companySize",
                "/revenue",
                "/location/country", "/location/state", "/location/city", "/source", "/sourceId",
                "/metadata",
            ]
        )
    }

    @Test(
        "Refuses control characters",
        arguments: ["\u{0}", "\u{1}", "\u{1B}", "\u{7F}", "\u{85}", "\u{9F}"]
    )
    func controls(_ control: String) {
        #expect(fields(Lead(email: "a@b.test", city: "x\(control)y")) == ["/location/city"])
        #expect(fields(Lead(email: "a\(control)@b.test")) == ["/email"])
    }

    @Test("Never repeats a value")
    func hidesValues() throws {
        let error = #expect(throws: InvalidLead.self) {
            try LeadValidation.validated(Lead(email: "secret-person", phone: "secret\u{0}"))
        }
        #expect(error?.problems.count == 2)
        #expect(error.map { $0.description.contains("secret") } == false)
    }

    @Test("Metadata is a JSON object of at most 16 KiB")
    func metadata() {
        func metadata(_ text: String) -> [String] { fields(Lead(email: "a@b.test", metadata: text)) }
        #expect(metadata("") == [])
        #expect(metadata("{}") == [])
        #expect(metadata("[1]") == ["/metadata"])
        #expect(metadata("{\"a\":\"" + String(repeating: "x", count: 16 * 1024 - 8) + "\"}") == [])
        #expect(
            metadata("{\"a\":\"" + String(repeating: "x", count: 16 * 1024 - 7) + "\"}") == ["/metadata"]
        )
    }
}

extension Lead {
    fileprivate init(email: String, city: String) {
        self.init(email: email, location: LeadLocation(city: city))
    }
}
