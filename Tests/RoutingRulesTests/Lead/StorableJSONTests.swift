import Testing

@testable import RoutingRules

@Suite("JSON objects for jsonb")
struct StorableJSONTests {
    @Test(
        "Takes",
        arguments: [
            "{}", " { } ", #"{"a":1,"b":[true,false,null,{}],"c":"x\u00e9\n\"\\\/"}"#, #"{"":-0.5e+10}"#,
            #"{"a":"\ud83d\ude00"}"#, #"{"a":[]}"#, #"{"a":0}"#, #"{"a":1E400}"#, #"{"日本":"語"}"#,
        ]
    )
    func takes(_ text: String) {
        #expect(StorableJSON.fault(in: text[...]) == nil)
    }

    @Test(
        "Refuses",
        arguments: [
            "", "[]", "1", "null", "{", "}", "{]", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, #"{a:1}"#,
            #"{"a":01}"#,
            #"{"a":+1}"#, #"{"a":.5}"#, #"{"a":1.}"#, #"{"a":1e}"#, #"{"a":tru}"#, #"{"a":"\x"}"#,
            #"{"a":"\u12"}"#,
            "{\"a\":\"\n\"}", "{\"a\":\"\u{0}\"}", #"{} {}"#, #"{"a":1} x"#, #"{"a":NaN}"#,
            #"{"a":[1,]}"#,
            #"{"a":"\u0000"}"#, #"{"a\u0000":1}"#, #"{"a":"\ud800"}"#, #"{"a":"\ud800x"}"#, #"{"a":"\ude00"}"#,
            #"{"a":"\ud800\u0041"}"#,
            #"{"a":1e401}"#, #"{"a":1e-401}"#, "\u{FEFF}{}", #"{"a":1e99999999999999999999}"#, #"{"a":"unterminated"#,
        ]
    )
    func refuses(_ text: String) {
        #expect(StorableJSON.fault(in: text[...]) != nil)
    }

    @Test("Bounds depth and the length of numbers")
    func bounds() {
        func nested(_ depth: Int) -> String {
            String(repeating: "{\"a\":", count: depth) + "1" + String(repeating: "}", count: depth)
        }
        #expect(StorableJSON.fault(in: nested(31)[...]) == nil)
        #expect(StorableJSON.fault(in: nested(32)[...]) != nil)
        #expect(StorableJSON.fault(in: nested(3000)[...]) != nil)
        let digits = String(repeating: "9", count: 1000)
        #expect(StorableJSON.fault(in: "{\"a\":\(digits)}") == nil)
        #expect(StorableJSON.fault(in: "{\"a\":\(digits)9}") != nil)
    }
}
