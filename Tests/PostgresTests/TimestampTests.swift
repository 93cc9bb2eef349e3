import FoundationEssentials
import Testing

@testable import Postgres

struct TimestampTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000000Z"),
            (-1, "1969-12-31T23:59:59.999999Z"),
            (946_684_800_000_000, "2000-01-01T00:00:00.000000Z"),
            (1_709_164_800_000_001, "2024-02-29T00:00:00.000001Z"),
            (-62_135_596_800_000_000, "0001-01-01T00:00:00.000000Z"),
            (253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z"),
        ] as [(Int64, String)]
    )
    func printsAndReads(microseconds: Int64, text: String) {
        #expect(Timestamp(microsecondsSinceUnixEpoch: microseconds).rfc3339 == text)
        #expect(Timestamp(rfc3339: text)?.microsecondsSinceUnixEpoch == microseconds)
    }

    @Test func readsWhatItPrints() {
        for _ in 0..<2000 {
            let value = Timestamp(
                microsecondsSinceUnixEpoch: .random(in: -62_135_596_800_000_000...253_402_300_799_999_999)
            )
            #expect(Timestamp(rfc3339: value.rfc3339) == value)
            #expect(Timestamp(binary: value.binary) == value)
        }
    }

    @Test func sortsAsTextAsItDoesAsTime() {
        let values = (0..<200)
            .map { _ in
                Timestamp(microsecondsSinceUnixEpoch: .random(in: 0...253_402_300_799_999_999))
            }
        #expect(values.sorted().map(\.rfc3339) == values.map(\.rfc3339).sorted())
    }

    @Test(arguments: [
        ("2026-01-31T10:30:00+01:00", "2026-01-31T09:30:00.000000Z"),
        ("2026-01-31 09:30:00.5Z", "2026-01-31T09:30:00.500000Z"),
        ("2026-01-31t09:30:00.1234567899z", "2026-01-31T09:30:00.123456Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000000Z"),
        ("2026-01-31T00:15:00-05:45", "2026-01-31T06:00:00.000000Z"),
    ])
    func readsOtherForms(text: String, same: String) {
        #expect(Timestamp(rfc3339: text)?.rfc3339 == same)
    }

    @Test(arguments: [
        "", "2026", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:00", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+1:00", "2026-01-01T00:00:00Z ",
        "2100-02-29T00:00:00Z", "2026-00-10T00:00:00Z", "2026-01-00T00:00:00Z", "２026-01-01T00:00:00Z",
    ])
    func refuses(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test func saturatesAtTheEnds() {
        #expect(Timestamp(binary: .max).microsecondsSinceUnixEpoch == .max)
        #expect(Timestamp(binary: .min).microsecondsSinceUnixEpoch == .min)
        #expect(Timestamp(binary: .max - 1).microsecondsSinceUnixEpoch == .max)
        #expect(Timestamp(microsecondsSinceUnixEpoch: .min + 1).binary == .min)
        #expect(!Timestamp(microsecondsSinceUnixEpoch: .min).rfc3339.isEmpty)
    }

    @Test func travelsAsJSON() throws {
        let value = Timestamp(microsecondsSinceUnixEpoch: 1_234_567_890_123_456)
        let data = try JSONEncoder().encode([value])
        #expect(String(decoding: data, as: UTF8.self) == #"["2009-02-13T23:31:30.123456Z"]"#)
        #expect(try JSONDecoder().decode([Timestamp].self, from: data) == [value])
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([Timestamp].self, from: Data(#"["yesterday"]"#.utf8))
        }
    }
}
