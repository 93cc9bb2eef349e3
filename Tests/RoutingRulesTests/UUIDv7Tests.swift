import FoundationEssentials
import Testing

@testable import RoutingRules

@Suite("Ids of version 7")
struct UUIDv7Tests {
    @Test("Version, variant and time are where RFC 9562 has them")
    func layout() throws {
        // Far enough in the future that no other test's ids are close.
        let id = UUID.v7(milliseconds: 0x0F12_3456_789A)
        let text = id.text
        #expect(text.hasPrefix("0f123456-789a-7"))
        #expect(text.utf8.count == 36)
        let variant = try #require(Array(text)[19].hexDigitValue)
        #expect(variant >> 2 == 0b10)
    }

    @Test("Text is lower-case and read back in either case")
    func text() {
        let id = UUID()
        #expect(id.text == id.uuidString.lowercased())
        #expect(UUID(text: id.text) == id)
        #expect(UUID(text: id.uuidString) == id)
        for bad in [
            "", "x", String(id.text.dropLast()), id.text + "0", "{\(id.text)}",
            id.text.replacing("-", with: "_"),
        ] {
            #expect(UUID(text: bad) == nil)
        }
        #expect(UUID(text: "0123456789ab-cdef-0123-4567-89abcdef") == nil)
        #expect(UUID(text: "g0000000-0000-0000-0000-000000000000") == nil)
    }

    @Test("Grows within a millisecond and over small clock steps back")
    func grows() {
        var sequence = IDSequence()
        var previous: (Int64, UInt64, UInt64) = (-1, 0, 0)
        var generator = SeededGenerator(seed: 3)
        var now: Int64 = 1_700_000_000_000
        for _ in 0..<200_000 {
            if generator.chance(1) { now += Int64.random(in: -5...20, using: &generator) }
            let id = sequence.next(now)
            #expect(previous < (id.time, id.high, id.low))
            previous = (id.time, id.high, id.low)
        }
    }

    @Test("Follows a clock that is set back")
    func setBack() {
        var sequence = IDSequence()
        _ = sequence.next(2_000_000)
        #expect(sequence.next(2_000_000 - IDSequence.tolerance).time == 2_000_000)
        #expect(sequence.next(1_000_000).time == 1_000_000)
        #expect(sequence.next(-5).time == 0)
    }

    @Test("No two are equal, from many tasks at once")
    func unique() async {
        let ids = await withTaskGroup(of: [UUID].self) { group in
            for _ in 0..<8 {
                group.addTask { (0..<5000).map { _ in UUID.v7(milliseconds: 0x0E00_0000_0000) } }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
        #expect(Set(ids).count == 40_000)
    }
}
