/// What rules read of a lead: each value as it was sent, and its interpretation if that differs.
package struct LeadFacts: Sendable, Hashable {
    /// One value.
    package struct Fact: Sendable, Hashable {
        /// The field, as conditions call it.
        package let field: String
        /// The value as it was sent; nil if it is missing.
        package let given: String?
        /// Its interpretation; nil if that is the same.
        package let understood: String?
    }

    /// The values that conditions can read, without personal ones.
    package let facts: [Fact]

    /// The facts about a lead.
    package init(_ lead: Lead) {
        var facts = [
            Fact(field: "industry", given: lead.industry, understood: nil),
            Fact(field: "company_size", given: lead.companySize, understood: nil),
            Fact(field: "revenue", given: lead.revenue, understood: nil),
        ]
        let country = lead.location?.country
        facts.append(Fact(field: "country", given: country, understood: country.map(Self.country)))
        let state = lead.location?.state
        let mayBeUnitedStates = country.map { Country($0)?.code == "US" } ?? true
        facts.append(
            Fact(field: "state", given: state, understood: state.flatMap { mayBeUnitedStates ? Self.state($0) : nil })
        )
        if let city = lead.location?.city { facts.append(Fact(field: "city", given: city, understood: nil)) }
        if let domain = lead.email.flatMap(Self.domain) {
            facts.append(Fact(field: "email_domain", given: domain, understood: nil))
        }
        if let source = lead.source { facts.append(Fact(field: "source", given: source, understood: nil)) }
        self.facts = facts
    }

    private static func country(_ text: String) -> String {
        Country(text).map { "\($0.code), \($0.name)" } ?? "not a country of ISO 3166-1"
    }

    private static func state(_ text: String) -> String {
        guard let state = USState(text) else { return "not a state of the United States" }
        guard let division = state.division else { return state.code }
        return "\(state.code), \(division.rawValue), \(division.region.rawValue)"
    }

    private static func domain(_ email: String) -> String? {
        guard let at = email.lastIndex(of: "@") else { return nil }
        let domain = email[email.index(after: at)...]
        return domain.isEmpty ? nil : domain.lowercased()
    }
}
