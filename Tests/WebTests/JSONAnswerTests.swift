import FoundationEssentials
import HummingbirdCore
import JSON
import Testing

@testable import Web

struct JSONAnswerTests {
    @Test func idsAreInLowerCaseAndTimesInUTC() {
        let text = JSONWriter.text { writer in
            writer.object { writer in
                writer.member("id", UUID(uuidString: "0190F7C4-9D3E-7C55-8B1E-2F6A4D1C9E07"))
                writer.member("none", UUID?.none)
                writer.member("time", time: 1_769_817_600_000_001)
                writer.member("never", time: Int64?.none)
            }
        }
        #expect(
            text == #"{"id":"0190f7c4-9d3e-7c55-8b1e-2f6a4d1c9e07","none":null,"#
                + #""time":"2026-01-31T00:00:00.000001Z","never":null}"#
        )
    }

    @Test(arguments: [
        "2026-01-31", "2026-01-31T01:00:00%2B01:00", "2026-01-31T01:00:00+01:00", "2026-01-31%2001:00:00+01:00",
        "2026-01-30T19:00:00-0500",
    ])
    func queryTimesAcceptUnescapedPlus(_ text: String) throws {
        var query = try QueryDecoding(URI("/?after=\(text)"))
        #expect(query.time("after") == 1_769_817_600_000_000)
        try query.finish()
    }
}
