import Testing

@testable import RoutingRules

@Suite("Unicode forms")
struct CanonicalTextTests {
    @Test(
        "Composes",
        arguments: [
            ("e\u{301}", "\u{E9}"), ("\u{212B}", "\u{C5}"), ("\u{1100}\u{1161}", "\u{AC00}"),
            ("\u{37E}", ";"),
            ("q\u{307}\u{323}", "q\u{323}\u{307}"), ("\u{958}", "\u{915}\u{93C}"), ("plain", "plain"),
            ("\u{FB01}", "\u{FB01}"),
        ]
    )
    func composes(_ input: String, _ expected: String) {
        #expect(Array(CanonicalText.composed(input).utf8) == Array(expected.utf8))
    }

    @Test("Lower-cases each scalar by itself, with its full mapping")
    func lowercases() {
        #expect(CanonicalText.lowercased("ΣΑΣ") == "σασ")
        #expect(Array(CanonicalText.lowercased("İ").unicodeScalars.map(\.value)) == [0x69, 0x307])
        #expect(CanonicalText.lowercased("ẞ") == "ß")
    }

    @Test("The ASCII fast path agrees with the general path")
    func pathsAgree() {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<2000 {
            let scalars = (0..<Int.random(in: 0...12, using: &generator))
                .map { _ in Unicode.Scalar(UInt8.random(in: 0...127, using: &generator)) }
            let text = String(String.UnicodeScalarView(scalars))
            let slow = CanonicalText.lowercased(CanonicalText.composed(CanonicalText.trimmed(text)))
            #expect(CanonicalText.canonicalBytes(of: text) == Array(slow.utf8))
        }
    }
}
