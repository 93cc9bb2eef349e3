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

    @Test func saturatesAtRangeEnds() {
        #expect(Timestamp(binary: .max).microsecondsSinceUnixEpoch == .max)
        #expect(Timestamp(binary: .min).microsecondsSinceUnixEpoch == .min)
        #expect(Timestamp(binary: .max - 1).microsecondsSinceUnixEpoch == .max)
        #expect(Timestamp(microsecondsSinceUnixEpoch: .min + 1).binary == .min)
        #expect(!Timestamp(microsecondsSinceUnixEpoch: .min).rfc3339.isEmpty)
    }
}
