import FoundationEssentials
import JSON
import Testing

struct JSONWriterTests {
    @Test func membersAreWrittenInOrder() {
        let text = JSONWriter.text { writer in
            writer.object { writer in
                writer.member("text", "x")
                writer.member("none", String?.none)
                writer.member("yes", true)
                writer.member("number", -12)
                writer.member("share", 0.25)
                writer.member("infinite", Double.infinity)
                writer.member("list", ["a", "b"])
                writer.member("tree", json: ["k": [1, nil, false]])
                writer.key("empty")
                writer.array([Int]()) { _, _ in }
                writer.key(named: "a\"b")
                writer.object { _ in }
                writer.key("raw")
                writer.raw("1.50")
            }
        }
        #expect(
            text == #"{"text":"x","none":null,"yes":true,"number":-12,"share":0.25,"infinite":null,"list":["a","b"],"#
                + #""tree":{"k":[1,null,false]},"empty":[],"a\"b":{},"raw":1.50}"#
        )
    }

    @Test func eachLineIsCompleteJSON() {
        var writer = JSONWriter()
        for number in 1...2 { writer.line { $0.object { $0.member("n", number) } } }
        #expect(String(decoding: writer.bytes, as: UTF8.self) == "{\"n\":1}\n{\"n\":2}\n")
    }

    @Test(arguments: [
        ("", #""""#), ("plain", #""plain""#), ("\"\\/", #""\"\\/""#),
        ("\n\r\t\u{0}\u{1F}\u{7F}", #""\n\r\t\u0000\u001f\u007f""#),
        ("\u{8}\u{C}", #""\u0008\u000c""#), ("é😀\u{2028}", "\"é😀\u{2028}\""),
    ])
    func onlyRequiredEscapesAreWritten(_ text: String, _ written: String) {
        #expect(JSONValue.string(text).json == written)
    }

    @Test func foundationReadsWrittenJSON() throws {
        let texts = [
            "", "plain", "\"\\/", "\n\r\t\u{0}\u{1F}\u{7F}", "é😀\u{2028}", String(repeating: "x", count: 5000),
        ]
        let bytes = JSONWriter.bytes { $0.array(texts) { $0.string($1) } }
        #expect(try JSONDecoder().decode([String].self, from: Data(bytes)) == texts)
    }
}
