import RoutingRules
import Testing

@Suite("Matching places")
struct PlaceMatchingTests {
    private func matches(_ conditions: RuleConditions, _ country: String?, _ state: String?) -> Bool {
        let rules = Samples.ruleSet(
            [Samples.workspace(1), Samples.workspace(2)],
            [Samples.rule(10, of: nil, to: 2, conditions)]
        )
        let lead = Lead(email: "a@b.test", location: LeadLocation(country: country, state: state))
        return rules.decide(lead, from: Samples.id(1)).rule != nil
    }

    @Test("Countries by code or name on both sides, others as given")
    func countries() {
        #expect(matches(RuleConditions(countries: ["USA"]), "united states", nil))
        #expect(matches(RuleConditions(countries: ["United States"]), "us", nil))
        #expect(matches(RuleConditions(countries: ["FR", "Germany"]), "Deutschland", nil))
        #expect(matches(RuleConditions(countries: ["Atlantis"]), " ATLANTIS", nil))
        #expect(!matches(RuleConditions(countries: ["US"]), "Canada", nil))
        #expect(!matches(RuleConditions(countries: ["US"]), nil, "CA"))
    }

    @Test("States by code or name on both sides, in the United States or where no country is given")
    func states() {
        #expect(matches(RuleConditions(usStates: ["CA"]), "US", "california"))
        #expect(matches(RuleConditions(usStates: ["California"]), nil, "ca"))
        #expect(matches(RuleConditions(usStates: ["wa"]), "", "Washington"))
        // Western Australia, and the Canadian answer to CA.
        #expect(!matches(RuleConditions(usStates: ["WA"]), "Australia", "WA"))
        #expect(!matches(RuleConditions(usStates: ["CA"]), "Atlantis", "CA"))
        #expect(!matches(RuleConditions(usStates: ["Ontario"]), "Canada", "Ontario"))
        #expect(!matches(RuleConditions(usStates: ["CA"]), "US", nil))
    }

    @Test("Regions by the Census Bureau")
    func regions() {
        #expect(matches(RuleConditions(regions: ["West"]), "US", "CA"))
        #expect(matches(RuleConditions(regions: ["pacific"]), "USA", "Oregon"))
        #expect(matches(RuleConditions(regions: ["Midwest", "South Atlantic"]), nil, "DC"))
        #expect(!matches(RuleConditions(regions: ["West"]), "US", "TX"))
        #expect(!matches(RuleConditions(regions: ["South"]), "Australia", "WA"))
        #expect(!matches(RuleConditions(regions: ["West"]), "US", "PR"))
        #expect(!matches(RuleConditions(regions: ["West"]), "US", nil))
    }

    @Test("Other countries' regions as the lead gives them")
    func regionsAsGiven() {
        #expect(matches(RuleConditions(regions: ["Bavaria"]), "DE", "bavaria "))
        #expect(
            matches(
                RuleConditions(countries: ["CA"], regions: ["Ontario", "Québec"]),
                "Canada",
                "QUE\u{301}BEC"
            )
        )
        #expect(!matches(RuleConditions(countries: ["US"], regions: ["Ontario"]), "Canada", "Ontario"))
        #expect(matches(RuleConditions(regions: ["California"]), "US", "California"))
    }
}
