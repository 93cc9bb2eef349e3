import FoundationEssentials
import JSON
import RoutingRules
import Testing

@Suite("Errors in condition trees")
struct ConditionReaderTests {
    @Test(
        "Refused",
        arguments: [
            ("[]", "/where"), ("7", "/where"), ("{}", "/where"), (#"{"some":[]}"#, "/where"),
            (#"{"all":[]}"#, "/where/all"),
            (#"{"all":{}}"#, "/where/all"), (#"{"any":[{"field":"email","op":"exists"},5]}"#, "/where/any/1"),
            (#"{"all":[{"field":"email","op":"exists"}],"any":[]}"#, "/where/any"),
            (#"{"not":[]}"#, "/where/not"), (#"{"field":"e_mail","op":"exists"}"#, "/where/field"),
            (#"{"op":"exists"}"#, "/where/field"), (#"{"field":"email"}"#, "/where/op"),
            (#"{"field":"email","op":"is"}"#, "/where/op"),
            (#"{"field":"email","op":"at_least","value":1}"#, "/where/op"),
            (#"{"field":"country","op":"contains","value":"a"}"#, "/where/op"),
            (#"{"field":"location","op":"equals","value":"a"}"#, "/where/op"),
            (#"{"field":"email","op":"equals"}"#, "/where/value"),
            (#"{"field":"email","op":"equals","value":5}"#, "/where/value"),
            (#"{"field":"email","op":"equals","value":" "}"#, "/where/value"),
            (#"{"field":"email","op":"exists","value":true}"#, "/where/value"),
            (#"{"field":"email","op":"exists","other":true}"#, "/where/other"),
            (#"{"field":"email","op":"one_of","value":"a"}"#, "/where/value"),
            (#"{"field":"email","op":"one_of","value":[]}"#, "/where/value"),
            (#"{"field":"email","op":"one_of","value":["a",null]}"#, "/where/value/1"),
            (#"{"field":"us_state","op":"equals","value":"Ontario"}"#, "/where/value"),
            (#"{"field":"phone_country","op":"equals","value":"Narnia"}"#, "/where/value"),
            (#"{"field":"company_size","op":"at_least","value":"11-50"}"#, "/where/value"),
            (#"{"field":"company_size","op":"between","value":[50,1]}"#, "/where/value"),
            (#"{"field":"company_size","op":"between","value":[50,"x"]}"#, "/where/value/1"),
            (#"{"field":"metadata.x","op":"between","value":[50,"2026-01-01"]}"#, "/where/value"),
            (#"{"field":"metadata.x","op":"at_least","value":"2026-02-30"}"#, "/where/value"),
            (#"{"field":"metadata","op":"exists"}"#, "/where/field"),
            (#"{"field":"metadata.","op":"exists"}"#, "/where/field"),
            (#"{"field":"metadata.a[x]","op":"exists"}"#, "/where/field"),
            (#"{"field":"score","op":"equals","value":"5"}"#, "/where/value"),
            (#"{"field":"score","op":"at_least","value":1e999}"#, "/where/value"),
            (
                #"{"field":"location","op":"within","value":{"latitude":91,"longitude":0,"miles":1}}"#,
                "/where/value/latitude"
            ),
            (#"{"field":"location","op":"within","value":{"latitude":1,"longitude":0}}"#, "/where/value"),
            (#"{"field":"location","op":"within","value":{"latitude":1,"longitude":0,"miles":-1}}"#, "/where/value"),
            (#"{"field":"location","op":"within","value":{"latitude":1,"longitude":0,"feet":1}}"#, "/where/value/feet"),
            (#"{"field":"email","op":"matches","value":"(a"}"#, "/where/value"),
            (#"{"all":[{"all":[{"not":{"field":"x","op":"exists"}}]}]}"#, "/where/all/0/all/0/not/field"),
        ]
    )
    func refused(_ json: String, _ path: String) {
        let conditions = RuleConditions(json: #"{"where":\#(json)}"#)
        #expect(conditions.problems.map(\.field) == [path])
        #expect(conditions.problems.allSatisfy { !$0.message.isEmpty && $0.remedy?.isEmpty == false })
        #expect(!conditions.isCatchAll)
        #expect(!conditions.matches(Lead()))
    }

    @Test("All errors are reported at once")
    func several() {
        let conditions = RuleConditions(
            json: #"{"where":{"all":[{"field":"x","op":"exists"},{"field":"email","op":"y"}]},"industries":7}"#
        )
        #expect(conditions.problems.map(\.field) == ["/industries", "/where/all/0/field", "/where/all/1/op"])
    }

    @Test("Bounds")
    func bounds() {
        let leaf = #"{"field":"email","op":"exists"}"#
        func nested(_ depth: Int) -> String {
            String(repeating: #"{"not":"#, count: depth) + leaf + String(repeating: "}", count: depth)
        }
        func problems(_ json: String) -> [String] { RuleConditions(json: #"{"where":\#(json)}"#).problems.map(\.field) }
        #expect(problems(nested(15)) == [])
        #expect(problems(nested(16)).count == 1)
        #expect(problems(nested(5000)).count == 1)
        func many(_ count: Int) -> String {
            #"{"any":[\#(Array(repeating: leaf, count: count).joined(separator: ","))]}"#
        }
        #expect(problems(many(999)) == [])
        #expect(problems(many(1000)) == ["/where/any/999"])
        func list(_ count: Int) -> String {
            #"{"field":"city","op":"one_of","value":[\#(Array(repeating: #""a""#, count: count).joined(separator: ","))]}"#
        }
        #expect(problems(list(1000)) == [])
        #expect(problems(list(1001)) == ["/where/value"])
        let text = String(repeating: "a", count: 201)
        #expect(problems(#"{"field":"city","op":"equals","value":"\#(text)"}"#) == ["/where/value"])
    }

    @Test("What was saved comes back")
    func roundTrip() throws {
        let json = #"""
            {"industries":["Tech"],"where":{"all":[{"field":"company_size","op":"between","value":[50,1000]},{"any":[{"not":{"field":"email","op":"is_free_mail"}},{"field":"metadata.tags[0]","op":"one_of","value":["a",1.5,true]}]},{"field":"location","op":"within","value":{"latitude":52.5,"longitude":-13,"miles":10}},{"field":"city","op":"matches","value":"^\"Köln\\\\s"}]}}
            """#
        let conditions = RuleConditions(json: json)
        #expect(conditions.problems == [])
        #expect(conditions.json.json == json)
        let again = RuleConditions(json: conditions.json.json)
        #expect(again.problems == [])
        #expect(again == conditions)
        let spelt =
            #"{"where":{"op":"within","value":{"miles":1.0e1,"longitude":-13.0,"latitude":52.50},"field":"location"}}"#
        #expect(
            RuleConditions(json: spelt).json.json
                == #"{"where":{"field":"location","op":"within","value":{"latitude":52.5,"longitude":-13,"miles":10}}}"#
        )
        let lead = Lead(companySize: "50-1000", location: LeadLocation(city: "x", latitude: 52.5, longitude: -13))
        #expect(again.failures(for: lead).map(\.path) == conditions.failures(for: lead).map(\.path))
    }

    @Test("Malformed JSON is reported", arguments: 0..<400)
    func fuzz(_ seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        let whole = Array(
            #"{"industries":["Te\u0041ch"],"where":{"all":[{"field":"company_size","op":"between","value":[50,1e3]},{"not":{"field":"metadata.a[0]","op":"matches","value":"^(a|b)*[c-d]{2,3}$"}},{"field":"location","op":"within","value":{"latitude":1,"longitude":2,"miles":3}}]}}"#
                .utf8
        )
        for _ in 0..<20 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: place)
                case 2: bytes.insert(Array("{}[]\",:\\0e*(".utf8).randomElement(using: &generator) ?? 0, at: place)
                default: bytes.removeSubrange(place...)
                }
                if bytes.isEmpty { bytes = [0x7B] }
            }
            let conditions = RuleConditions(json: String(decoding: bytes, as: UTF8.self))
            _ = conditions.matches(Lead(companySize: "60", metadata: String(decoding: bytes, as: UTF8.self)))
            if conditions.problems.isEmpty {
                #expect(RuleConditions(json: conditions.json.json) == conditions, "seed \(seed)")
            }
        }
    }

    @Test("Malformed metadata is read without a crash", arguments: 0..<200)
    func fuzzMetadata(_ seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        let whole = Array(#"{"a":[{"b":"x\"y"},2,[3]],"c":{"d":-1.5e3,"e":"2026-05-01"},"a":{"f":[null,true]}}"#.utf8)
        let conditions = ["metadata.a[0].b", "metadata.a.f[1]", "metadata.c.d", "metadata.c.e"]
            .flatMap { field in
                [
                    ("equals", #""x""#), ("at_least", "1"), ("at_least", #""2026-01-01""#), ("contains", #""x""#),
                    ("exists", nil),
                ]
                .map { ConditionSamples.one(field, $0.0, $0.1) }
            }
        for _ in 0..<20 {
            var bytes = whole
            for _ in 0..<3 {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                if generator.chance(50) {
                    bytes[place] = UInt8.random(in: 32...126, using: &generator)
                } else {
                    bytes.removeSubrange(place...)
                }
                if bytes.isEmpty { bytes = [0x7B] }
            }
            let lead = Lead(metadata: String(decoding: bytes, as: UTF8.self))
            for condition in conditions { _ = condition.matches(lead) }
        }
    }
}
