import JSON
import Testing

struct JSONScannerTests {
    @Test func valuesAreScannedInSequence() throws {
        let text = #" {"a": 1.50, "b": ["x", null], "c": {"d": true}, "skipped": [1, {"e": 2}]} "#
        var scanner = JSONScanner(Array(text.utf8))
        var seen: [String] = []
        #expect(try scanner.kind() == .object)
        try scanner.readObject { scanner, key in
            switch key {
            case "a": seen.append(try scanner.readNumber())
            case "b":
                try scanner.readArray { scanner, index in
                    if try scanner.kind() == .null {
                        try scanner.readNull()
                        seen.append("null at \(index)")
                    } else {
                        seen.append(try scanner.readString())
                    }
                }
            case "c": try scanner.readObject { scanner, key in seen.append("\(key) \(try scanner.readBool())") }
            default:
                let range = try scanner.skipValue()
                seen.append(String(decoding: scanner.bytes[range], as: UTF8.self))
            }
        }
        try scanner.finish()
        #expect(seen == ["1.50", "x", "null at 1", "d true", #"[1, {"e": 2}]"#])
    }

    @Test func stringsAreUnescaped() throws {
        var scanner = JSONScanner(Array(#""a\u0000\ud83d\ude00é\"\/\b\f\n\r\t\\""#.utf8))
        #expect(try scanner.readString() == "a\u{0}😀é\"/\u{8}\u{C}\n\r\t\\")
    }

    @Test func skippedStringReturnsItsContents() throws {
        var scanner = JSONScanner(Array(#""plain""esca\u0070ed""#.utf8))
        var (range, isPlain) = try scanner.skipString()
        #expect(isPlain)
        #expect(String(decoding: scanner.bytes[range], as: UTF8.self) == "plain")
        (range, isPlain) = try scanner.skipString()
        #expect(!isPlain)
        #expect(String(decoding: scanner.bytes[range], as: UTF8.self) == #"esca\u0070ed"#)
    }

    @Test func errorNamesLineAndColumn() {
        var scanner = JSONScanner(Array("{\n  \"a\": 1,\n  \"b\": tru\n}".utf8))
        let error = #expect(throws: JSONSyntaxError.self) { try scanner.skipValue() }
        #expect(error?.line == 3)
        #expect(error?.column == 8)
        #expect(error?.offset == 19)
        #expect(error?.reason == .malformed)
    }

    @Test(
        arguments: [
            ("[1] 2", .trailingText, 4), (#"["\ud800"]"#, .loneSurrogate, 2), ("[01]", .malformed, 1),
            ("[1.]", .malformed, 3), (#"{"a":"\u12x4"}"#, .malformed, 8), ("[[[]]]", .tooDeep, 2),
        ] as [(String, JSONSyntaxError.Reason, Int)]
    )
    func errorHasReasonAndOffset(_ text: String, _ reason: JSONSyntaxError.Reason, _ offset: Int) {
        let error = #expect(throws: JSONSyntaxError.self) {
            try JSONReader.value(of: Array(text.utf8), maximumDepth: 2)
        }
        #expect(error?.reason == reason)
        #expect(error?.offset == offset)
    }

    @Test func errorOfCallerEndsReading() {
        struct Stop: Error {}
        var scanner = JSONScanner(Array(#"{"a":1,"b":2}"#.utf8))
        var keys: [String] = []
        #expect(throws: Stop.self) {
            try scanner.readObject { _, key in
                keys.append(key)
                throw Stop()
            }
        }
        #expect(keys == ["a"])
    }
}
