import CivilTime
import Testing

struct RFC3339Tests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000000Z"), (-1, "1969-12-31T23:59:59.999999Z"),
            (946_684_800_000_000, "2000-01-01T00:00:00.000000Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
            (1_709_164_800_000_001, "2024-02-29T00:00:00.000001Z"),
            (1_769_817_600_000_001, "2026-01-31T00:00:00.000001Z"),
            (-62_135_596_800_000_000, "0001-01-01T00:00:00.000000Z"),
            (253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z"),
        ] as [(Int64, String)]
    )
    func instantsRoundTrip(_ microseconds: Int64, _ text: String) {
        #expect(RFC3339.text(microseconds) == text)
        #expect(RFC3339.microseconds(of: text) == microseconds)
    }

    @Test func readsWhatItWrites() {
        var random = SplitMix(seed: 3339)
        var (previous, previousText) = (Int64.min, "")
        for value in (0..<5000)
            .map({ _ in Int64.random(in: -62_135_596_800_000_000...253_402_300_799_999_999, using: &random) }).sorted()
        {
            let text = RFC3339.text(value)
            #expect(RFC3339.microseconds(of: text) == value)
            #expect(value == previous || text > previousText)
            (previous, previousText) = (value, text)
        }
    }

    @Test func rangeLimitsAreWritten() {
        #expect(RFC3339.text(.min) == "-290308-12-21T19:59:05.224192Z")
        #expect(RFC3339.text(.max) == "294247-01-10T04:00:54.775807Z")
    }

    @Test(arguments: [(6, "12.000345Z"), (3, "12.000Z"), (1, "12.0Z"), (0, "12Z")])
    func extraDecimalsAreTruncated(_ decimals: Int, _ end: String) {
        var bytes: [UInt8] = []
        RFC3339.append(12_000_345, decimals: decimals, to: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == "1970-01-01T00:00:" + end)
    }

    @Test(arguments: [
        ("2026-01-31T10:30:00+01:00", "2026-01-31T09:30:00.000000Z"),
        ("2026-01-30T19:00:00-0500", "2026-01-31T00:00:00.000000Z"),
        ("2026-01-31T10:30:00+01", "2026-01-31T09:30:00.000000Z"),
        ("2026-01-31 09:30:00.5Z", "2026-01-31T09:30:00.500000Z"),
        ("2026-01-31t09:30:00.1234567899z", "2026-01-31T09:30:00.123456Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000000Z"),
        ("2026-01-31T00:15:00-05:45", "2026-01-31T06:00:00.000000Z"),
    ])
    func alternativeNotationsAreRead(_ text: String, _ same: String) {
        #expect(RFC3339.microseconds(of: text).map(RFC3339.text) == same)
    }

    @Test(arguments: [
        "", "now", "2026", "2026-01-31", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z", "2026-01-01T00:00:61Z", "2026-01-01T00:00:00", "2026-01-01T00:00Z",
        "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+1:00", "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+01:60",
        "2026-01-01T00:00:00+01:", "2026-01-01T00:00:00Z ", "2026-01-01T00:00:00Zx", "2026-01-01T00:00:00 01:00",
        "2100-02-29T00:00:00Z", "2026-00-10T00:00:00Z", "2026-01-00T00:00:00Z", "２026-01-01T00:00:00Z",
    ])
    func invalidInstantsAreRefused(_ text: String) {
        #expect(RFC3339.microseconds(of: text) == nil)
    }

    @Test func dateAloneIsMidnight() {
        #expect(RFC3339.microseconds(ofInstantOrDate: "2026-01-31") == 1_769_817_600_000_000)
        #expect(RFC3339.microseconds(ofInstantOrDate: "2026-01-31T00:00:00Z") == 1_769_817_600_000_000)
        #expect(RFC3339.microseconds(ofInstantOrDate: "2026-01-31T00:00:00") == nil)
        #expect(RFC3339.microseconds(ofInstantOrDate: "2026-02-29") == nil)
    }

    @Test func errorNamesTheMissingPart() throws {
        let date = try #require(WrittenTime("2026-05-01"))
        #expect(date.microsecondOfDay == nil)
        #expect(date.microsecondsSinceEpoch == 1_777_593_600_000_000)
        let time = try #require(WrittenTime("2026-05-01T12:30"))
        #expect(time.microsecondOfDay == 45_000_000_000)
        #expect(!time.hasSeconds)
        #expect(time.offset == nil)
        let full = try #require(WrittenTime("2026-05-01 12:30:00.25+02:00"))
        #expect(full.hasSeconds)
        #expect(full.offset == 7200)
        #expect(full.microsecondsSinceEpoch == 1_777_631_400_250_000)
    }

    @Test(
        arguments: [
            (0, "01 Jan 1970 00:00:00 +0000"), (1_769_851_805, "31 Jan 2026 09:30:05 +0000"),
            (-1, "31 Dec 1969 23:59:59 +0000"),
        ] as [(Int64, String)]
    )
    func mailDatesNameTheMonth(_ seconds: Int64, _ text: String) {
        #expect(MailDate.text(seconds: seconds) == text)
    }
}

/// Random numbers that are the same in every run.
private struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}
