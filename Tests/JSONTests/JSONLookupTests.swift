import JSON
import Testing

struct JSONLookupTests {
    private let text =
        #"{"a": {"b": [10, "x\u0041", {"c": true}], "b2": null}, "dup": 1, "k\u0065y": "found", "dup": "last", "n": -1.5e3}"#

    private func describe(_ path: JSONLookup.Step...) -> String {
        var text = text
        return text.withUTF8 { bytes in
            func part(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
            switch JSONLookup.find(path, in: bytes) {
            case nil: return "nothing"
            case .null: return "null"
            case .bool(let value): return "\(value)"
            case .number(let range): return part(range)
            case .string(let range, let isPlain): return (isPlain ? "plain " : "escaped ") + part(range)
            case .array: return "array"
            case .object: return "object"
            }
        }
    }

    @Test func valuesAreFoundByPath() {
        #expect(describe(.member("a")) == "object")
        #expect(describe(.member("a"), .member("b")) == "array")
        #expect(describe(.member("a"), .member("b"), .element(0)) == "10")
        #expect(describe(.member("a"), .member("b"), .element(1)) == #"escaped x\u0041"#)
        #expect(describe(.member("a"), .member("b"), .element(2), .member("c")) == "true")
        #expect(describe(.member("a"), .member("b2")) == "null")
        #expect(describe(.member("n")) == "-1.5e3")
    }

    @Test func missingPathsAreNotFound() {
        #expect(describe(.member("b")) == "nothing")
        #expect(describe(.member("a"), .member("b"), .element(3)) == "nothing")
        #expect(describe(.member("a"), .element(0)) == "nothing")
        #expect(describe(.member("n"), .member("x")) == "nothing")
    }

    @Test func escapedKeysAreCompared() {
        #expect(describe(.member("key")) == "plain found")
    }

    @Test func lastOfEqualKeysIsFound() {
        #expect(describe(.member("dup")) == "plain last")
    }

    @Test func visitStopsAtTheFirstMatch() throws {
        var text = #" [1, [2], "3", {"a": 4}, 5 ]"#
        var visited = 0
        let found = text.withUTF8 { bytes in
            JSONLookup.anyElement(ofArrayAt: 1, in: bytes) { element in
                visited += 1
                if case .object = element { return true }
                return false
            }
        }
        #expect(found)
        #expect(visited == 4)
    }

    /// No text makes it read outside of its bytes: each prefix of the text, and each with one byte changed.
    @Test func invalidTextDoesNotCrash() {
        let bytes = Array(text.utf8)
        for end in 0...bytes.count {
            bytes[..<end]
                .withUnsafeBufferPointer { part in
                    _ = JSONLookup.find([.member("a"), .member("b"), .element(2), .member("c")], in: part)
                    _ = JSONLookup.find([.member("n")], in: part)
                }
        }
        for place in bytes.indices {
            for byte in Array("\"\\{}[],:0".utf8) {
                var broken = bytes
                broken[place] = byte
                broken.withUnsafeBufferPointer { part in
                    _ = JSONLookup.find([.member("a"), .member("b"), .element(2), .member("c")], in: part)
                }
            }
        }
    }
}
