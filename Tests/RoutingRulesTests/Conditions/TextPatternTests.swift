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

    @Test(
        "Steps are linear in the text for patterns that make backtracking exponential",
        arguments: ["(a*)*b", "(a+)+$b", "(a|a)*c", "(a|aa)+$c", "(a?){40}a{40}b", "(.*)*x(.*)*y", "((a*)*)*b"]
    )
    func linear(_ pattern: String) throws {
        let pattern = try TextPattern(pattern)
        func work(_ count: Int) -> Int {
            var work = 0
            _ = pattern.isFound(in: String(repeating: "a", count: count), work: &work)
            return work
        }
        let short = work(200)
        let long = work(2000)
        // Ten times the text takes ten times the steps, apart from the ends.
        #expect(long <= short * 11)
        #expect(long <= 2001 * 2 * TextPattern.Limit.program)
    }

    @Test("Search stops at its text limit")
    func longText() throws {
        let text = String(repeating: "a", count: TextPattern.Limit.textBytes) + "b"
        #expect(try !isFound("b", text))
        #expect(try isFound("b", String(text.dropFirst())))
    }

    @Test("Agrees with a backtracking search", arguments: 0..<150)
    func reference(_ seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        for _ in 0..<20 {
            let tree = ReferencePattern.random(&generator, depth: 3)
            let pattern = try TextPattern(tree.text)
            for _ in 0..<10 {
                let count = Int.random(in: 0...6, using: &generator)
                let text = (0..<count).map { _ in "abc".randomElement(using: &generator) ?? "a" }
                let expected = (0...count).contains { tree.matches(text, $0) { _ in true } }
                #expect(pattern.isFound(in: String(text)) == expected, "seed \(seed): \(tree.text) in \(String(text))")
            }
        }
    }
}

/// A backtracking matcher, as a reference for small patterns.
private indirect enum ReferencePattern {
    case character(Character)
    case any
    case notA
    case start
    case end
    case sequence(ReferencePattern, ReferencePattern)
    case choice(ReferencePattern, ReferencePattern)
    case repetition(ReferencePattern, Int, Int?)

    static func random(_ generator: inout SeededGenerator, depth: Int) -> ReferencePattern {
        if depth == 0 || generator.chance(25) {
            switch Int.random(in: 0..<10, using: &generator) {
            case 0: return .any
            case 1: return .notA
            case 2: return .start
            case 3: return .end
            default: return .character("abc".randomElement(using: &generator) ?? "a")
            }
        }
        let one = random(&generator, depth: depth - 1)
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: return .sequence(one, random(&generator, depth: depth - 1))
        case 1: return .choice(one, random(&generator, depth: depth - 1))
        default:
            let least = Int.random(in: 0...2, using: &generator)
            return .repetition(
                one,
                least,
                generator.chance(50) ? nil : least + Int.random(in: 0...2, using: &generator)
            )
        }
    }

    var text: String {
        switch self {
        case .character(let character): String(character)
        case .any: "."
        case .notA: "[^a]"
        case .start: "^"
        case .end: "$"
        case .sequence(let one, let other): "(?:\(one.text))(?:\(other.text))"
        case .choice(let one, let other): "(?:\(one.text)|\(other.text))"
        case .repetition(let part, let least, let most): "(?:\(part.text)){\(least),\(most.map(String.init) ?? "")}"
        }
    }

    /// Whether it matches from a place, together with what follows.
    func matches(_ text: [Character], _ place: Int, _ next: (Int) -> Bool) -> Bool {
        switch self {
        case .character(let character): return place < text.count && text[place] == character && next(place + 1)
        case .any: return place < text.count && next(place + 1)
        case .notA: return place < text.count && text[place] != "a" && next(place + 1)
        case .start: return place == 0 && next(place)
        case .end: return place == text.count && next(place)
        case .sequence(let one, let other): return one.matches(text, place) { other.matches(text, $0, next) }
        case .choice(let one, let other): return one.matches(text, place, next) || other.matches(text, place, next)
        case .repetition(let part, let least, let most):
            if least > 0 {
                let rest = ReferencePattern.repetition(part, least - 1, most.map { $0 - 1 })
                return part.matches(text, place) { rest.matches(text, $0, next) }
            }
            if next(place) { return true }
            guard most != 0 else { return false }
            let rest = ReferencePattern.repetition(part, 0, most.map { $0 - 1 })
            return part.matches(text, place) { $0 > place && rest.matches(text, $0, next) }
        }
    }
}
