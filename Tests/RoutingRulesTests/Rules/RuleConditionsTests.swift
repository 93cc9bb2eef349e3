import JSON
import RoutingRules
import Testing

@Suite("Stored conditions")
struct RuleConditionsTests {
    private func read(_ json: String) -> RuleConditions { RuleConditions(json: json) }

    @Test("Reads and writes the six lists")
    func roundTrip() {
        let conditions = RuleConditions(
            industries: ["Technology"],
            companySizes: ["11-50", "51-200"],
            revenueRanges: ["<$1M"],
            countries: ["US"],
            usStates: ["CA", "Oregon"],
            regions: ["West"]
        )
        #expect(read(conditions.json.json) == conditions)
        #expect(!conditions.isCatchAll)
        let text =
            #"{"industries":["Technology"],"company_sizes":["11-50","51-200"],"revenue_ranges":["<$1M"],"#
            + #""countries":["US"],"us_states":["CA","Oregon"],"regions":["West"]}"#
        #expect(read(text) == conditions)
        #expect(RuleConditions().json.json == "{}")
    }

    @Test("Lists may be missing, null, empty or a single text")
    func tolerant() {
        #expect(read("{}").isCatchAll)
        let conditions = read(#"{"industries":null,"countries":"US","us_states":[]}"#)
        #expect(conditions == RuleConditions(countries: ["US"]))
        #expect(conditions.problems.isEmpty)
    }

    @Test(
        "Unreadable conditions are errors, not catch-alls",
        arguments: [
            (#"{"industry":["x"]}"#, "/industry"), (#"{"companySizes":["x"]}"#, "/companySizes"),
            ("[]", ""),
            ("null", ""), (#""all""#, ""), (#"{"industries":7}"#, "/industries"),
            (#"{"regions":{}}"#, "/regions"),
            (#"{"regions":["West",7]}"#, "/regions/1"), (#"{"regions":[null]}"#, "/regions/0"),
            (#"{"countries":[""]}"#, "/countries"), (#"{"countries":" "}"#, "/countries"),
            (#"{"all":[]}"#, "/all"),
        ]
    )
    func problems(_ json: String, _ path: String) {
        let conditions = read(json)
        #expect(conditions.problems.map(\.field) == [path])
        #expect(!conditions.isCatchAll)
    }

    @Test("States that the United States do not have are worth a warning")
    func warnings() {
        #expect(RuleConditions(usStates: ["CA", "new york"]).warnings.isEmpty)
        #expect(RuleConditions(usStates: ["CA", "Ontario"]).warnings.map(\.field) == ["/us_states"])
    }
}
