import FoundationEssentials
import JSON
import Testing

/// What is JSON and what is not, in the manner of JSONTestSuite.
struct JSONGrammarTests {
    private func accepts(_ bytes: [UInt8], maximumDepth: Int = 64) -> Bool {
        var scanner = JSONScanner(bytes, maximumDepth: maximumDepth)
        let isSkipped: Bool
        do {
            _ = try scanner.skipValue()
            try scanner.finish()
            isSkipped = true
        } catch {
            isSkipped = false
        }
        let isRead = (try? JSONReader.value(of: bytes, maximumDepth: maximumDepth)) != nil
        #expect(isSkipped == isRead)
        return isRead
    }

    @Test(arguments: [
        "{}", "[]", "0", "-0", "1.5e-7", "true", "null", "\"\"", " \t\r\n{ \"a\" : [ 1 , 2 ] } ", "\"\\ud83d\\ude00\"",
        "\"\\u00e9\\/\\b\\f\\n\\r\\t\\\\\\\"\"", "[[[[]]]]", "\"é😀\"", "\"\u{7F}\"", "123456789012345678901234567890",
        "[0e+1]", "[0e1]", "[-0.0]", "[1E-2]", "[123.456e78]", "[1e400]", "[20e1]", "{\"a\":\"b\",\"a\":\"b\"}",
        "{\"\":0}", "{\"a\\u0000b\":42}", "[\"\\u0000\"]", "[\"\\uDBFF\\uDFFF\"]", "[\"\\\"\"]", "[\"\\\\a\"]",
        "[\"\\uD834\\uDD1E\"]", "[\"\u{2028}\u{2029}\"]", "[\"\\u200B\"]", "[\"a/*b*/c\"]", "[null,1,\"1\",{}]",
        "[false]",
        "[\"\u{FFFF}\"]", "[\"\\uFFFF\"]", "\n[]\n",
    ])
    func jsonIsAccepted(_ text: String) {
        #expect(accepts(Array(text.utf8)))
    }

    @Test(arguments: [
        "", " ", "{", "}", "[1,]", "{\"a\":1,}", "{a:1}", "{'a':1}", "01", "-", "1.", ".5", "1e", "+1", "NaN",
        "Infinity", "-Infinity", "tru", "nul", "truex", "True", "\"", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"",
        "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"\\ud800\\ud800\"", "\"\\udc00\\ud800\"",
        "\"\\ud800\\n\"", "\"\\ud800abc\"",
        "\"\\uD800\\u\"", "\"\\uD800\\u1\"", "\"\\u00g0\"", "\"\\u 123\"", "\"\n\"", "\"\t\"", "\"\u{0}\"", "[1 2]",
        "{\"a\" 1}", "{\"a\":}", "{\"a\"}", "{\"a\",1}", "{:1}", "{1:1}", "{null:1}", "{\"a\":1,,\"b\":2}", "1 2",
        "[1]]",
        "[]{}", "[]a", "{}}", "// x\n1", "[1]/**/", "\u{0}", "{\"a\":1 \"b\":2}", "[,1]", "[1,,2]", "[,]", "[\"\\",
        "\"\\",
        "--1", "1.e5", "0x10", "1_000", "\"\\u-123\"", "-01", "[-]", "[0e]", "[0e+]", "[0.e1]", "[1ea]", "[1.0e-]",
        "[1+2]", "[- 1]", "[-a]", "[.1]", "[2.e3]", "[012]", "[1a]", "[\"a\"", "[\"a\",", "[1", "{\"a\":1", "{\"a\":",
        "{\"a", "[true", "[\u{A0}]", "\u{2060}[]", "[\u{c}]", "'a'", "[\\u0020\"a\"]", "[<null>]", "\u{FEFF}\u{FEFF}1",
    ])
    func invalidJSONIsRefused(_ text: String) {
        #expect(!accepts(Array(text.utf8)))
    }

    @Test(
        arguments: [
            [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xE2, 0x82, 0x22],
            [0x22, 0xF5, 0x80, 0x80, 0x80, 0x22], [0xFF, 0xFE, 0x7B, 0x00], [0x22, 0x80, 0x5C, 0x6E, 0x22],
            [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], [0x22, 0xE0, 0x80, 0xAF, 0x22],
        ] as [[UInt8]]
    )
    func invalidUTF8IsRefused(_ bytes: [UInt8]) {
        #expect(!accepts(bytes))
        #expect(!accepts([0x7B] + bytes + [0x3A, 0x31, 0x7D]))
    }

    @Test func byteOrderMarkIsSkipped() {
        #expect(accepts([0xEF, 0xBB, 0xBF, 0x7B, 0x7D]))
    }

    @Test(arguments: [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]")])
    func nestingIsBounded(_ opening: String, _ closing: String) {
        let levels = opening.filter { $0 == "[" || $0 == "{" }.count
        func nested(_ depth: Int) -> [UInt8] {
            let count = depth / levels
            let text = String(repeating: opening, count: count) + "1" + String(repeating: closing, count: count)
            return Array(text.utf8)
        }
        #expect(accepts(nested(64)))
        #expect(!accepts(nested(64 + levels)))
        #expect(accepts(nested(8), maximumDepth: 8))
        #expect(!accepts(nested(8 + levels), maximumDepth: 8))
    }

    @Test func deepNestingIsAnError() {
        let error = #expect(throws: JSONSyntaxError.self) {
            try JSONReader.value(of: Array(repeating: UInt8(ascii: "["), count: 1_000_000))
        }
        #expect(error?.reason == .tooDeep)
    }

    /// The same verdict as Foundation on 60,000 texts: valid ones with one or two changes.
    ///
    /// Two known differences of Foundation are excluded: it accepts a comma before a closing bracket, and refuses
    /// numbers that no double holds.
    @Test func verdictsAgreeWithFoundation() {
        var random = SeededGenerator(seed: 20_260_131)
        let seeds = [
            #"{"email":"a@b.co","list":[1,-2.5e+3,0,true,false,null],"text":"x\né\ud83d\ude00","other":{"k":{}}}"#,
            #"[{"a":"\\\"\/\b"},"","ü",[[]],{"":0}]"#, #" {"number" : 10.01E-2 , "empty":[ ] } "#,
        ]
        let alphabet =
            Array("{}[]\",:\\u0123456789abcdefeE+-. \ntrufalsn/".utf8) + [0xC3, 0xA9, 0xF0, 0x80, 0x1F, 0x00]
        var disagreements: [String] = []
        var accepted = 0
        for round in 0..<20_000 {
            var bytes = Array(seeds[round % seeds.count].utf8)
            for _ in 0..<Int.random(in: 1...2, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes.remove(at: place)
                case 1: bytes.insert(alphabet.randomElement(using: &random) ?? 0, at: place)
                default: bytes[place] = alphabet.randomElement(using: &random) ?? 0
                }
            }
            let ours = accepts(bytes)
            if ours { accepted += 1 }
            let theirs = (try? JSONDecoder().decode(AnyValue.self, from: Data(bytes))) != nil
            if ours != theirs, !(ours ? hasHugeExponent(bytes) : hasTrailingComma(bytes)) {
                disagreements.append("\(ours ? "ours" : "Foundation") takes \(String(decoding: bytes, as: UTF8.self))")
            }
        }
        #expect(disagreements.prefix(10) == [])
        #expect(accepted > 1000)
    }
}

/// Any value, decoded by Foundation and discarded.
private struct AnyValue: Decodable {
    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() { return }
        if (try? container.decode(Bool.self)) != nil { return }
        if (try? container.decode(Double.self)) != nil { return }
        if (try? container.decode(String.self)) != nil { return }
        if (try? container.decode([AnyValue].self)) != nil { return }
        _ = try container.decode([String: AnyValue].self)
    }
}

/// Whether only white space separates a comma from a closing bracket.
private func hasTrailingComma(_ bytes: [UInt8]) -> Bool {
    let dense = bytes.filter { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
    return zip(dense, dense.dropFirst())
        .contains { $0 == UInt8(ascii: ",") && ($1 == UInt8(ascii: "]") || $1 == UInt8(ascii: "}")) }
}

/// Whether a text has an exponent of three digits or more.
private func hasHugeExponent(_ bytes: [UInt8]) -> Bool {
    String(decoding: bytes, as: UTF8.self).contains(/[0-9][eE][+-]?[0-9]{3}/)
}
