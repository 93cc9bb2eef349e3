import JSON
import Testing

struct JSONValueTests {
    @Test func numbersKeepTheirText() throws {
        let text = "[1.50,1e2,-0,123456789012345678901234567890,0.1234567890123456789]"
        #expect(JSONValue(json: text)?.json == text)
    }

    @Test func membersKeepTheirOrder() {
        let text = #"{"b":1,"a":2,"c":{"z":null,"y":[]}}"#
        #expect(JSONValue(json: text)?.json == text)
    }

    @Test func lastOfEqualKeysCounts() throws {
        let value = try #require(JSONValue(json: #"{"a":1,"b":2,"a":3}"#))
        #expect(value["a"] == 3)
        #expect(value["c"] == nil)
        #expect(value.members?.count == 3)
    }

    @Test func accessorsOfOtherKindAreNil() {
        let value: JSONValue = ["text": "x", "flag": true, "list": [1, nil]]
        #expect(value["text"]?.string == "x")
        #expect(value["text"]?.integer == nil)
        #expect(value["text"]?.array == nil)
        #expect(value["flag"]?.bool == true)
        #expect(value["list"]?.array == [1, .null])
        #expect(value["list"]?["text"] == nil)
        #expect(value.string == nil)
    }

    @Test(
        arguments: [
            ("5", 5), ("5.0", 5), ("0.5e1", 5), ("-0", 0), ("9223372036854775807", .max),
            ("9007199254740993", 9_007_199_254_740_993),
            ("5.5", nil), ("1e30", nil), ("9223372036854775808", nil),
        ] as [(String, Int64?)]
    )
    func wholeNumbersAreReadInAnyNotation(_ text: String, _ number: Int64?) {
        #expect(JSONValue(json: text)?.integer == number)
    }

    @Test func numbersBeyondDoubleHaveNoDouble() {
        #expect(JSONValue.number("1e400").double == nil)
        #expect(JSONValue.number("2.5").double == 2.5)
        #expect(JSONValue(Double.infinity) == .null)
        #expect(JSONValue(2.0) == 2)
    }

    @Test(arguments: [
        ("1e2", "100"), ("1.50", "1.5"), ("100", "100"), ("1.0", "1"), ("-0.0", "0"), ("0.5", "0.5"), ("1e-7", "1e-07"),
        ("12345678901234567890", "12345678901234567890"), ("0.12345678901234567891", "0.12345678901234567891"),
        ("1e400", "1e400"), ("1E3", "1000"), ("1e20", "1e+20"),
    ])
    func canonicalNumbersArePlain(_ text: String, _ canonical: String) {
        #expect(JSONValue.number(text).canonical == .number(canonical))
    }

    @Test func canonicalMembersAreSorted() {
        let value = JSONValue(json: #"{"b":[{"d":1e1,"c":null}],"a":{"é":1,"z":2.0}}"#)
        #expect(value?.canonical.json == #"{"a":{"z":2,"é":1},"b":[{"c":null,"d":10}]}"#)
    }

    @Test func nilMembersAreOmitted() {
        #expect(JSONValue.object(leavingOutNil: ["a": 1, "b": nil, "c": .null]).json == #"{"a":1,"c":null}"#)
    }

    /// 2,000 random trees, written and parsed again.
    @Test func writtenValuesAreReadBack() throws {
        var random = SeededGenerator(seed: 8259)
        for _ in 0..<2000 {
            let value = Self.value(depth: 0, &random)
            let bytes = value.bytes
            #expect(try JSONReader.value(of: bytes) == value)
            #expect(value.canonical.canonical == value.canonical)
        }
    }

    private static func value(depth: Int, _ random: inout SeededGenerator) -> JSONValue {
        switch Int.random(in: 0..<(depth < 5 ? 8 : 5), using: &random) {
        case 0: return .null
        case 1: return .bool(.random(using: &random))
        case 2: return .number(number(&random))
        case 3, 4: return .string(text(&random))
        case 5, 6:
            return .array((0..<Int.random(in: 0...4, using: &random)).map { _ in value(depth: depth + 1, &random) })
        default:
            return .object(
                (0..<Int.random(in: 0...4, using: &random))
                    .map { _ in .init(text(&random), value(depth: depth + 1, &random)) }
            )
        }
    }

    private static func number(_ random: inout SeededGenerator) -> String {
        var text = Bool.random(using: &random) ? "-" : ""
        text += String(UInt64.random(in: 0...UInt64.max >> UInt64.random(in: 0...63, using: &random), using: &random))
        if Bool.random(using: &random) { text += "." + String(UInt32.random(in: 0...UInt32.max, using: &random)) + "0" }
        if Int.random(in: 0..<3, using: &random) == 0 {
            let signs = ["e", "E", "e+", "e-", "E-"]
            text += signs[Int.random(in: 0..<signs.count, using: &random)]
            text += String(Int.random(in: 0...999, using: &random))
        }
        return text
    }

    private static func text(_ random: inout SeededGenerator) -> String {
        var text = ""
        for _ in 0..<Int.random(in: 0...20, using: &random) {
            let limits: [UInt32] = [0x20, 0x80, 0x800, 0x1_0000, 0x11_0000]
            let limit = limits[Int.random(in: 0..<limits.count, using: &random)]
            if let scalar = Unicode.Scalar(UInt32.random(in: 0..<limit, using: &random)) {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
