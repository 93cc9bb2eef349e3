import Testing

@testable import RoutingRules

@Suite("Folding")
struct FoldedTextTests {
    @Test(
        "Equal",
        arguments: [
            ("Technology", " TECHNOLOGY "), ("New  York", "new york"), ("new\u{A0}york", "New York"),
            ("11–50", "11-50"),
            ("Straße", "STRASSE"), ("ΟΔΟΣ", "οδος"), ("İstanbul", "i\u{307}stanbul"),
            ("Zoë", "ZOE\u{308}"),
            ("L’Oréal", "l'oreal\u{301}".replacing("oreal\u{301}", with: "oréal")), ("ﬁnance", "FINANCE"),
            ("\t Health\r\nCare", "health care"), ("ПРОДАЖИ", "продажи"),
        ]
    )
    func equal(_ left: String, _ right: String) {
        #expect(FoldedText.bytes(of: left) == FoldedText.bytes(of: right))
    }

    @Test(
        "Different",
        arguments: [("11-50", "1150"), ("Café", "Cafe"), ("a b", "ab"), ("$1M", "1M")]
    )
    func different(_ left: String, _ right: String) {
        #expect(FoldedText.bytes(of: left) != FoldedText.bytes(of: right))
    }

    @Test("Blank is empty", arguments: ["", " ", "\u{A0}\t", "\n"])
    func blank(_ text: String) {
        #expect(FoldedText.bytes(of: text).isEmpty)
    }

    @Test("A table finds its values only")
    func table() {
        var table = ValueTable()
        #expect(table.isEmpty)
        for number in 0..<1000 { table.insert(Array("value \(number)".utf8), number: number) }
        table.insert(Array("value 7".utf8), number: 99)
        #expect(table.count == 1000)
        for number in 0..<1000 {
            #expect(FoldedText.withBytes(of: " VALUE  \(number)", table.number(of:)) == number)
            #expect(FoldedText.withBytes(of: "valu \(number)", table.number(of:)) == nil)
        }
    }
}
