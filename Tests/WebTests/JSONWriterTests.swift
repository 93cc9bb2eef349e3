import FoundationEssentials
import Testing

@testable import Web

struct JSONWriterTests {
    @Test func whatIsPrintedIsReadBack() throws {
        let texts = [
            "", "plain", "\"\\/", "\n\r\t\u{0}\u{1F}\u{7F}", "é😀\u{2028}", String(repeating: "x", count: 5000),
        ]
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("texts", texts)
            writer.member("none", String?.none)
            writer.member("yes", true)
            writer.member("number", -12)
            writer.member("share", 0.25)
            writer.member("infinite", Double.infinity)
            writer.key("empty")
            writer.array([Int]()) { _, _ in }
        }
        let value = try JSONDecoder().decode(AnyJSON.self, from: Data(writer.bytes))
        #expect(value["texts"]?.array?.map(\.string) == texts)
        #expect(value["none"] == .null)
        #expect(value["yes"] == .bool(true))
        #expect(value["number"]?.int == -12)
        #expect(value["share"] == .number(0.25))
        #expect(value["infinite"] == .null)
        #expect(value["empty"] == .array([]))
    }

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000000Z"), (-1, "1969-12-31T23:59:59.999999Z"),
            (1_769_817_600_000_001, "2026-01-31T00:00:00.000001Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
            (-62_135_596_800_000_000, "0001-01-01T00:00:00.000000Z"),
            (253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z"),
        ] as [(Int64, String)]
    )
    func timesGoBothWays(_ microseconds: Int64, _ text: String) {
        #expect(TimeText.print(microseconds) == text)
        #expect(TimeText.parse(text) == microseconds)
    }

    @Test(
        arguments: [
            ("2026-01-31", 1_769_817_600_000_000), ("2026-01-31T01:00:00+01:00", 1_769_817_600_000_000),
            ("2026-01-30T19:00:00-0500", 1_769_817_600_000_000), ("2026-01-31T00:00:00.5Z", 1_769_817_600_500_000),
            ("2026-01-31t00:00:00.123456789z", 1_769_817_600_123_456),
        ] as [(String, Int64)]
    )
    func timesAreReadInTheirNotations(_ text: String, _ microseconds: Int64) {
        #expect(TimeText.parse(text) == microseconds)
    }

    @Test(arguments: [
        "", "now", "2026-02-29", "2026-13-01", "2026-01-31T24:00:00Z", "2026-01-31T00:00:00", "2026-01-31T00:00:00.Z",
        "2026-1-1", "2026-01-31T00:00:00Zx", "2026-01-31T00:00:00+99:00",
    ])
    func whatIsNoTimeIsRefused(_ text: String) {
        #expect(TimeText.parse(text) == nil)
    }
}
