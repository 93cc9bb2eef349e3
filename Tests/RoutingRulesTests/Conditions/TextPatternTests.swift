import RoutingRules
import Testing

@Suite("Regular expressions")
struct TextPatternTests {
    private func isFound(_ pattern: String, _ text: String) throws -> Bool {
        try TextPattern(pattern).isFound(in: text)
    }

    @Test(
        "Found",
        arguments: [
            ("a", "xAy"), ("^abc$", "ABC"), ("a.c", "a-c"), ("[a-c]+x", "bbbX"), ("[^0-9]", "1a"), (#"\d{3}"#, "a123"),
            (#"^\w+@\w+\.example$"#, "ada@engines.example"), ("(foo|ba[rz])+$", "foobarbaz"), ("colou?r", "Color"),
            ("(?:ab){2,3}", "xabab"), (#"\bvip\b"#, "a VIP here"), (#"\Bip"#, "vip"), ("straße", "STRASSE"),
            ("[ä]", "Ä"), (#"a\.b"#, "a.b"), ("a|", "x"), ("^$|a", "a"), (#"[\w-]+"#, "-"), ("[]x]", "]"),
            ("[A-Z]", "q"),
            (#"\s"#, "a b"), (#"[\]]"#, "]"), ("x*", ""), ("a{0}b", "b"), ("a–b", "a-b"), ("a+?b", "aab"), ("й", "Й"),
        ]
    )
    func found(_ pattern: String, _ text: String) throws { #expect(try isFound(pattern, text)) }

    @Test(
        "Not found",
        arguments: [
            ("^a", "ba"), ("a$", "ab"), ("[a-c]", "d"), (#"\d"#, "x"), ("a{3}", "aa"), (#"\bip"#, "vip"), ("ab", "a b"),
            ("^(a|b)c$", "abc"), (".", ""), (#"[^\d]"#, "123"), (#"\D"#, "12"), ("a{2,3}$^", "aa"),
        ]
    )
    func notFound(_ pattern: String, _ text: String) throws { #expect(try !isFound(pattern, text)) }

    @Test(
        "Refused, with the place",
        arguments: [
            ("(a", 0), ("a)", 1), ("[a", 0), ("*a", 0), ("a**+", 3), ("a{", 1), ("a{2", 1), ("a{3,2}", 1),
            ("a{999}", 1),
            (#"\1"#, 0), ("(?=a)", 0), ("(?i)a", 0), (#"a\"#, 1), ("[b-a]", 3), ("[[:alpha:]]", 1), (#"\p"#, 0),
        ]
    )
    func refused(_ pattern: String, _ position: Int) {
        #expect { try TextPattern(pattern) } throws: { ($0 as? TextPattern.Fault)?.position == position }
    }

    @Test(
        "Programs are bounded",
        arguments: ["(a{500}){500}", "((((((a{9}){9}){9}){9}){9}){9})", "((((((){500}){500}){500}){500}){500})"]
    )
    func bounded(_ pattern: String) {
        #expect(throws: TextPattern.Fault.self) { try TextPattern(pattern) }
        #expect(throws: TextPattern.Fault.self) { try TextPattern(String(repeating: "(", count: 400) + "a") }
    }
}
