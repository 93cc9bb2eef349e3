import RoutingRules
import Testing

@Suite("Comparisons of the tree")
struct ComparisonTests {
    private let lead = Lead(
        email: "Ada.Lovelace@Engines.example",
        phone: "+1 (416) 555-0100",
        firstName: "Ada",
        lastName: "Großmann",
        companyName: "Analytical  Engines Ltd",
        industry: "Health Care",
        companySize: "51–200",
        revenue: "$1M-$10M",
        location: LeadLocation(country: "USA", state: "California", city: "San José", latitude: 52.52, longitude: 13.4),
        source: "Web form",
        sourceID: "A-17",
        metadata:
            #"{"score": 70, "plan":"Pro", "seats":"25", "trial":true, "none":null, "blank":" ", "empty":[], "#
            + #""tags":["VIP","spring sale"], "utm":{"source":"ad\u0064s"}, "signed_up":"2026-05-01T23:30:00-02:00", "#
            + #""renews":"2026-06-15", "zip":"02134", "size":"11-50", "a.b":1, "id":12345678901234567890, "rate":1.50}"#
    )

    @Test(
        "Met",
        arguments: [
            ("email", "equals", #""ada.lovelace@engines.EXAMPLE""#), ("email", "starts_with", #""ADA.""#),
            ("email_domain", "equals", #""engines.example""#), ("email_domain", "ends_with", #"".EXAMPLE""#),
            ("email", "is_free_mail", "false"), ("phone", "contains", #""416""#), ("phone_country", "equals", #""ca""#),
            ("phone_country", "one_of", #"["Canada","DE"]"#), ("phone_country", "not_equals", #""US""#),
            ("first_name", "one_of", #"["Grace","ADA"]"#), ("last_name", "equals", #""GROSSMANN""#),
            ("last_name", "contains", #""ß""#), ("company", "contains", #""l engines""#),
            ("company", "matches", #""^analytical .*\\b(ltd|gmbh)$""#), ("industry", "equals", #"" health  care ""#),
            ("company_size", "at_least", "50"), ("company_size", "at_least", "51"),
            ("company_size", "greater_than", "50"),
            ("company_size", "at_most", "200"), ("company_size", "less_than", "201"),
            ("company_size", "between", "[51,200]"), ("company_size", "between", #""50-500""#),
            ("company_size", "overlaps", #""150-300""#), ("company_size", "equals", #""51 to 200""#),
            ("revenue", "at_least", #""$1M""#), ("revenue", "at_most", "1e7"),
            ("revenue", "one_of", #"["$1M – $10M"]"#),
            ("country", "equals", #""United States""#), ("us_state", "one_of", #"["NV","CA"]"#),
            ("state", "equals", #""california""#), ("region", "equals", #""west""#),
            ("region", "one_of", #"["Pacific"]"#),
            ("region", "equals", #""California""#), ("city", "equals", #""SAN JOSE\u0301""#),
            ("location", "within", #"{"latitude":52.4,"longitude":13.07,"kilometres":30}"#),
            ("location", "within", #"{"latitude":52.4,"longitude":13.07,"miles":20}"#), ("location", "exists", nil),
            ("source", "matches", #""^web\\s""#), ("source_id", "not_equals", #""A-18""#), ("score", "at_least", "70"),
            ("score", "equals", "7e1"), ("score", "between", "[70,80]"), ("metadata.plan", "equals", #""PRO""#),
            ("metadata.seats", "greater_than", "24"), ("metadata.seats", "equals", "25"),
            ("metadata.seats", "equals", #""25""#), ("metadata.trial", "equals", "true"),
            ("metadata.trial", "equals", #""TRUE""#), ("metadata.none", "missing", nil),
            ("metadata.blank", "missing", nil),
            ("metadata.nothing.here", "missing", nil), ("metadata.empty", "exists", nil),
            ("metadata.tags", "contains", #""vip""#), ("metadata.tags[1]", "contains", #""sale""#),
            ("metadata.tags[2]", "missing", nil), ("metadata.utm.source", "equals", #""adds""#),
            ("metadata.signed_up", "at_least", #""2026-05-02""#),
            ("metadata.signed_up", "less_than", #""2026-05-02T02:00:00Z""#),
            ("metadata.renews", "between", #"["2026-06-01","2026-06-30"]"#),
            ("metadata.renews", "at_most", #""2026-06-15""#), ("metadata.zip", "equals", #""02134""#),
            ("metadata.zip", "not_equals", "2134"), ("metadata.size", "at_least", "11"),
            ("metadata[\\\"a.b\\\"]", "equals", "1"), ("metadata.id", "equals", #""12345678901234567890""#),
            ("metadata.rate", "equals", "1.5"), ("metadata.rate", "equals", #""1.5""#),
        ] as [(String, String, String?)]
    )
    func met(_ field: String, _ op: String, _ value: String?) {
        #expect(ConditionSamples.one(field, op, value).matches(lead))
    }

    @Test(
        "Not met",
        arguments: [
            ("email", "is_free_mail", nil), ("phone_country", "equals", #""US""#),
            // The range straddles the bound, or only touches it.
            ("company_size", "at_least", "52"), ("company_size", "at_least", "100"), ("company_size", "at_most", "199"),
            ("company_size", "greater_than", "51"), ("company_size", "less_than", "200"),
            ("company_size", "between", "[60,500]"), ("company_size", "overlaps", #""201-500""#),
            ("company_size", "equals", "51"), ("revenue", "at_least", #""$1.1M""#), ("us_state", "equals", #""NV""#),
            ("region", "equals", #""South""#), ("country", "not_one_of", #"["US","DE"]"#),
            ("location", "within", #"{"latitude":52.4,"longitude":13.07,"kilometres":20}"#),
            ("score", "greater_than", "70"), ("metadata.plan", "at_least", "1"),
            ("metadata.plan", "at_least", #""2026-01-01""#),
            ("metadata.none", "exists", nil), ("metadata.tags", "equals", #""VIP""#),
            ("metadata.tags", "contains", #""vi""#),
            // A missing value meets only `missing`.
            ("metadata.nothing", "not_equals", #""x""#), ("metadata.nothing", "not_one_of", #"["x"]"#),
            ("metadata.nothing", "contains", #""x""#), ("metadata.blank", "not_equals", #""x""#),
            ("metadata.renews", "greater_than", #""2026-06-15""#),
            ("metadata.renews", "less_than", #""2026-06-15T12:00:00Z""#),
            ("metadata.id", "equals", #""12345678901234567891""#), ("metadata.zip", "equals", #""2134""#),
        ] as [(String, String, String?)]
    )
    func notMet(_ field: String, _ op: String, _ value: String?) {
        #expect(!ConditionSamples.one(field, op, value).matches(lead))
    }

    @Test("Trees and lists together")
    func together() {
        let conditions = RuleConditions(
            json: #"""
                {"industries":["health care"],"where":{"all":[
                  {"any":[{"field":"score","op":"at_least","value":90},{"field":"metadata.tags","op":"contains","value":"vip"}]},
                  {"not":{"field":"email","op":"is_free_mail"}}]}}
                """#
        )
        #expect(conditions.problems == [])
        #expect(conditions.matches(lead))
        var other = lead
        other.industry = "Finance"
        #expect(!conditions.matches(other))
        other = lead
        other.email = "ada@gmail.com"
        #expect(!conditions.matches(other))
        #expect(conditions.firstFailure(for: other)?.path == "/where/all/1")
        other.email = nil
        #expect(conditions.matches(other), "a lead without an address has none of a free mail service")
        other.metadata = nil
        #expect(!conditions.matches(other))
    }

    @Test("An empty lead meets only missing and not")
    func empty() {
        let all = [
            "email", "email_domain", "phone", "phone_country", "company", "company_size", "country", "us_state",
            "region",
        ]
        for field in all + ["state", "city", "source", "metadata.x", "location", "score"] {
            #expect(ConditionSamples.one(field, "missing").matches(Lead()))
            #expect(!ConditionSamples.one(field, "exists").matches(Lead()))
            #expect(ConditionSamples.tree(#"{"not":{"field":"\#(field)","op":"exists"}}"#).matches(Lead()))
        }
    }

    @Test(
        "Countries of phone numbers",
        arguments: [
            ("+1 212 555 0100", "US"), ("1-416-555-0100", "CA"), ("001 876 555 0100", "JM"), ("+1 800 555 0100", nil),
            ("+49 30 123456", "DE"), ("0049 30 123456", "DE"), ("+44 20 7946 0000", "GB"), ("+44 1481 555000", "GG"),
            ("+7 495 123 45 67", "RU"), ("+7 727 123 45 67", "KZ"), ("030 123456", nil), ("212 555 0100", nil),
            ("+1 212 555 0100 ext. 12", "US"), ("+999 123456", nil), ("(+43) 1 58858", "AT"), ("+1 787 555 0100", "PR"),
        ] as [(String, String?)]
    )
    func phoneCountries(_ phone: String, _ country: String?) {
        #expect(Lead(phone: phone).text(of: .phoneCountry) == country)
    }

    @Test("Ten digits are North American for a lead of North America only")
    func nationalNumbers() {
        let us = Lead(phone: "416 555 0100", location: LeadLocation(country: "United States"))
        #expect(us.text(of: .phoneCountry) == "CA")
        let de = Lead(phone: "416 555 0100", location: LeadLocation(country: "Germany"))
        #expect(de.text(of: .phoneCountry) == nil)
    }
}
