import FoundationEssentials
import Testing

@testable import RoutingRules

/// Texts that mention objects by their ids, and are written for each reader.
struct RoutingTextTests {
    private static let (own, other, rule, person) = (Samples.id(1), Samples.id(2), Samples.id(10), Samples.id(20))
    private static let readers: [TextReader] = [.administrator, .workspace(own), .workspace(other), .anyone]

    private func written(_ text: RoutingText) -> [String] {
        Self.readers.map { text.about(Self.own).text(for: $0) }
    }

    @Test func readerGetsNamesOfWhatItOwns() {
        let rule = OwnedName(.rule(Self.rule), "Mine", owner: Self.own)
        let other = OwnedName.workspace(Self.other, "Other")
        let person = OwnedName(.assignee(Self.person), "Ada", owner: Self.other)
        #expect(
            written("Matched \(withNoun: rule), to \(other), for \(person).") == [
                "Matched rule “Mine”, to “Other”, for Ada.",
                "Matched rule “Mine”, to another workspace, for a person.",
                "Matched a rule that this key cannot read, to “Other”, for Ada.",
                "Matched a rule that this key cannot read, to another workspace, for a person.",
            ]
        )
        let shared = OwnedName(.rule(Self.rule), "Everybody's", owner: nil)
        #expect(
            written("\(shared)") == [
                "“Everybody's”", "a rule of the platform", "a rule of the platform", "a rule of the platform",
            ]
        )
    }

    @Test func partsAreForTheirAudience() {
        let numbers: RoutingText = " (3 of 3\("!", for: .platform))"
        #expect(written("full\(numbers, for: .source).") == ["full (3 of 3!).", "full (3 of 3).", "full.", "full."])
        #expect(written("full\(numbers, for: .platform).") == ["full (3 of 3!).", "full.", "full.", "full."])
        let hidden: RoutingText = "a\("b", for: .platform)c\("d", for: .source)e"
        #expect(hidden.withoutPlatformParts.stored == "ac{s|d}e")
        #expect(written(hidden.withoutPlatformParts) == ["acde", "acde", "ace", "ace"])
    }

    @Test func storedTextHasNoNames() throws {
        let text: RoutingText = "\(OwnedName(.rule(Self.rule), "Secret", owner: Self.own)) \("x", for: .source)"
        #expect(!text.stored.contains("Secret") && text.unnamed.isEmpty)
        var read = RoutingText(stored: text.stored, source: Self.own)
        #expect(read.unnamed == [.rule(Self.rule)])
        #expect(read.text(for: .administrator) == "rule \(Self.rule.text) x")
        read.learn([OwnedName(.rule(Self.rule), "Secret", owner: Self.own)])
        #expect(read.unnamed.isEmpty && read.text(for: .workspace(Self.own)) == "“Secret” x")
        // A name that was looked up for one reader is not written for another.
        #expect(read.text(for: .workspace(Self.other)) == "a rule that this key cannot read ")
    }

    /// A value of a lead cannot mention an object, or hide a part.
    @Test(arguments: ["{r:\(Samples.id(10).text)}", "{s|x}", "{p|x", "}", "{", "{=|", "{w:1}", "…{…}…"])
    func valuesHaveNoBraces(_ value: String) {
        let rule = OwnedName(.rule(Self.rule), "Mine", owner: Self.own)
        let text: RoutingText = "\(rule) has \(value)"
        let plain = String(value.map { $0 == "{" ? "(" : $0 == "}" ? ")" : $0 })
        #expect(text.about(Self.own).text(for: .workspace(Self.own)) == "“Mine” has " + plain)
        #expect(RoutingText.verbatim(value).text(for: .anyone) == value)
        // What is not of the grammar is text.
        let stored = RoutingText(stored: "{x:\(Samples.id(10).text)} {r:no} {", source: nil)
        #expect(stored.text(for: .anyone) == stored.stored && stored.unnamed.isEmpty)
    }
}
