import RoutingRules
import Testing

@Suite("Countries, states and regions")
struct PlacesTests {
    @Test(
        "Countries by code and name",
        arguments: [
            ("US", "US"), ("usa", "US"), ("United States", "US"), (" united  states of AMERICA ", "US"),
            ("U.S.", "US"),
            ("UK", "GB"), ("Great Britain", "GB"), ("DEU", "DE"), ("Deutschland", "DE"),
            ("Côte d’Ivoire", "CI"),
            ("COTE D'IVOIRE", "CI"), ("Türkiye", "TR"), ("TURKEY", "TR"), ("México", "MX"),
            ("mexico", "MX"),
            ("me\u{301}xico", "MX"), ("日本", "JP"), ("Georgia", "GE"), ("Holland", "NL"),
        ]
    )
    func countries(_ text: String, _ code: String) {
        #expect(Country(text)?.code == code)
    }

    @Test("All of ISO 3166-1, and nothing else")
    func allCountries() {
        #expect(Country.all.count == 249)
        #expect(Set(Country.all.map(\.code)).count == 249)
        for country in Country.all {
            #expect(Country(country.code) == country)
            #expect(Country(country.name) == country)
        }
        #expect(Country("") == nil)
        #expect(Country("Atlantis") == nil)
        #expect(Country("XX") == nil)
    }

    @Test(
        "States by code and name",
        arguments: [
            ("CA", "CA"), ("ca", "CA"), ("California", "CA"), ("  NEW  york", "NY"), ("US-TX", "TX"),
            ("D.C.", "DC"),
            ("Washington, DC", "DC"), ("Washington", "WA"), ("Puerto Rico", "PR"),
        ]
    )
    func states(_ text: String, _ code: String) {
        #expect(USState(text)?.code == code)
    }

    @Test("Fifty states, the District and five territories")
    func allStates() {
        #expect(USState.all.count == 56)
        #expect(USState.all.filter { $0.division == nil }.count == 5)
        #expect(USState("Ontario") == nil)
        #expect(USState("") == nil)
    }

    @Test("The Census Bureau's counts")
    func regions() {
        func count(_ region: CensusRegion) -> Int {
            USState.all.filter { $0.division?.region == region }.count
        }
        #expect(count(.northeast) == 9)
        #expect(count(.midwest) == 12)
        #expect(count(.south) == 17)
        #expect(count(.west) == 13)
        let sizes = CensusDivision.allCases.map { division in
            USState.all.filter { $0.division == division }.count
        }
        #expect(sizes == [6, 3, 5, 7, 9, 4, 4, 8, 5])
        #expect(USRegions.names(ofState: "washington") == ["West", "Pacific"])
        #expect(USRegions.names(ofState: "DC") == ["South", "South Atlantic"])
        #expect(USRegions.names(ofState: "PR") == [])
        #expect(USRegions.names(ofState: "Bavaria") == [])
        #expect(USRegions.names.count == 13)
    }
}
