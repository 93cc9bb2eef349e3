import FoundationEssentials
import Testing

@testable import Web

struct JSONReaderTests {
    private func accepts(_ bytes: [UInt8]) -> Bool {
        var reader = JSONReader(bytes)
        do {
            _ = try reader.skipValue()
            try reader.finish()
            return true
        } catch {
            return false
        }
    }

    private func foundationAccepts(_ bytes: [UInt8]) -> Bool {
        (try? JSONDecoder().decode(AnyJSON.self, from: Data(bytes))) != nil
    }

    @Test(arguments: [
        "{}", "[]", "0", "-0", "1.5e-7", "true", "null", "\"\"", " \t\r\n{ \"a\" : [ 1 , 2 ] } ", "\"\\ud83d\\ude00\"",
        "\"\\u00e9\\/\\b\\f\\n\\r\\t\\\\\\\"\"", "[[[[]]]]", "\"é😀\"", "\"\u{7F}\"", "123456789012345678901234567890",
    ])
    func takesWhatIsJSON(_ text: String) {
        #expect(accepts(Array(text.utf8)))
    }

    @Test(arguments: [
        "", " ", "{", "}", "[1,]", "{\"a\":1,}", "{a:1}", "{'a':1}", "01", "-", "1.", ".5", "1e", "+1", "NaN",
        "Infinity",
        "tru", "nul", "truex", "\"", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"",
        "\"\n\"",
        "\"\u{0}\"", "[1 2]", "{\"a\" 1}", "{\"a\":}", "1 2", "[1]]", "// x\n1", "\u{0}", "{\"a\":1 \"b\":2}", "[,1]",
        "\"\\",
        "--1", "1.e5", "0x10", "1_000", "\"\\u-123\"", "-01", "[-]",
    ])
    func refusesWhatIsNot(_ text: String) {
        #expect(!accepts(Array(text.utf8)))
    }

    @Test(
        arguments: [
            [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xE2, 0x82, 0x22],
            [0x22, 0xF5, 0x80, 0x80, 0x80, 0x22], [0xFF, 0xFE, 0x7B, 0x00], [0x22, 0x80, 0x5C, 0x6E, 0x22],
        ] as [[UInt8]]
    )
    func refusesBrokenUTF8(_ bytes: [UInt8]) {
        #expect(!accepts(bytes))
    }

    @Test func saysWhereItGoesWrong() throws {
        var reader = JSONReader(Array("{\n  \"a\": 1,\n  \"b\": tru\n}".utf8))
        let error = #expect(throws: JSONSyntaxError.self) { try reader.skipValue() }
        #expect(error?.line == 3)
        #expect(error?.column == 8)
    }

    @Test func deepNestingIsAnErrorAndNoCrash() {
        let deep = Array(repeating: UInt8(ascii: "["), count: 1_000_000)
        #expect(!accepts(deep))
    }

    @Test func stringsArriveAsTheyAre() throws {
        var reader = JSONReader(Array(#""a\u0000\ud83d\ude00é\"\/""#.utf8))
        #expect(try reader.readString() == "a\u{0}😀é\"/")
    }

    @Test func aByteOrderMarkIsPassedOver() {
        #expect(accepts([0xEF, 0xBB, 0xBF, 0x7B, 0x7D]))
    }

    /// The same verdict as Foundation on 60,000 texts: valid ones that were damaged in one or two places.
    ///
    /// Foundation is known to differ in two things, which are left out: it takes a comma before a closing bracket, and
    /// refuses numbers that no double holds.
    @Test func agreesWithFoundation() {
        var random = SeededGenerator(seed: 20_260_131)
        let seeds = [
            #"{"email":"a@b.co","list":[1,-2.5e+3,0,true,false,null],"text":"x\né\ud83d\ude00","other":{"k":{}}}"#,
            #"[{"a":"\\\"\/\b"},"","ü",[[]],{"":0}]"#, #" {"number" : 10.01E-2 , "empty":[ ] } "#,
        ]
        let alphabet =
            Array("{}[]\",:\\u0123456789abcdefeE+-. \ntrufalsn/".utf8) + [0xC3, 0xA9, 0xF0, 0x80, 0x1F, 0x00]
        var disagreements: [String] = []
        var accepted = 0
        for round in 0..<60_000 {
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
            if ours != foundationAccepts(bytes), !(ours ? hasHugeExponent(bytes) : hasTrailingComma(bytes)) {
                disagreements.append("\(ours ? "ours" : "Foundation") takes \(String(decoding: bytes, as: UTF8.self))")
            }
        }
        #expect(disagreements.prefix(10) == [])
        #expect(accepted > 1000)
    }
}

/// Whether a closing bracket follows a comma, with nothing but white space between.
private func hasTrailingComma(_ bytes: [UInt8]) -> Bool {
    let dense = bytes.filter { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
    return zip(dense, dense.dropFirst())
        .contains { $0 == UInt8(ascii: ",") && ($1 == UInt8(ascii: "]") || $1 == UInt8(ascii: "}")) }
}

/// Whether an exponent of three digits or more stands in a text.
private func hasHugeExponent(_ bytes: [UInt8]) -> Bool {
    String(decoding: bytes, as: UTF8.self).contains(/[0-9][eE][+-]?[0-9]{3}/)
}

/// Random numbers that are the same in every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}
