package import FoundationEssentials
import Synchronization

extension UUID {
    /// A new id of version 7 (RFC 9562): it begins with the time, so that ids made later sort later.
    ///
    /// Within a process ids only grow, also within a millisecond and when the clock steps back a little: the 74 random
    /// bits are drawn once for each millisecond and then increased by a random step. If the clock steps back by more
    /// than ten seconds, ids follow it. Ids are hard to guess, but not secret: two from the same millisecond are close
    /// together. Costs some tens of nanoseconds, under a lock.
    ///
    /// - Parameter milliseconds: the time since 1970.
    /// - Returns: an id that no other call returns.
    package static func v7(milliseconds: Int64) -> UUID {
        let (time, high, low) = idSequence.withLock { $0.next(milliseconds) }
        var bytes: uuid_t = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        withUnsafeMutableBytes(of: &bytes) { buffer in
            let first = UInt64(bitPattern: time) << 16 | 0x7000 | high
            let second = 0x8000_0000_0000_0000 | low
            buffer.storeBytes(of: first.bigEndian, toByteOffset: 0, as: UInt64.self)
            buffer.storeBytes(of: second.bigEndian, toByteOffset: 8, as: UInt64.self)
        }
        return UUID(uuid: bytes)
    }

    /// The id in its usual form with lower-case digits, as PostgreSQL prints it.
    package var text: String {
        withUnsafeBytes(of: uuid) { bytes in
            String(unsafeUninitializedCapacity: 36) { buffer in
                var position = 0
                for (index, byte) in bytes.enumerated() {
                    if index == 4 || index == 6 || index == 8 || index == 10 {
                        buffer[position] = UInt8(ascii: "-")
                        position += 1
                    }
                    buffer[position] = Self.digit(byte >> 4)
                    buffer[position + 1] = Self.digit(byte & 15)
                    position += 2
                }
                return position
            }
        }
    }

    /// Reads the usual form, in either case; nil for anything else, braces and missing hyphens included.
    package init?(text: some StringProtocol) {
        guard text.utf8.count == 36 else { return nil }
        var bytes: uuid_t = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        let isValid = withUnsafeMutableBytes(of: &bytes) { buffer in
            var nibble = 0
            for (position, character) in text.utf8.enumerated() {
                if position == 8 || position == 13 || position == 18 || position == 23 {
                    guard character == UInt8(ascii: "-") else { return false }
                    continue
                }
                guard let value = Self.value(ofDigit: character) else { return false }
                buffer[nibble / 2] = buffer[nibble / 2] << 4 | value
                nibble += 1
            }
            return true
        }
        guard isValid else { return nil }
        self.init(uuid: bytes)
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") - 10 + value
    }

    private static func value(ofDigit character: UInt8) -> UInt8? {
        switch character {
        case 0x30...0x39: character - 0x30
        case 0x41...0x46: character - 0x41 + 10
        case 0x61...0x66: character - 0x61 + 10
        default: nil
        }
    }
}

/// The state that the next id of this process depends on.
private let idSequence = Mutex(IDSequence())

/// The state behind ids of version 7; pure, except for the random numbers that begin a millisecond.
struct IDSequence {
    private var time: Int64 = .min
    private var high: UInt64 = 0
    private var low: UInt64 = 0
    private var steps: UInt64 = 0

    /// By how much a clock may step back before ids follow it, in milliseconds.
    static let tolerance: Int64 = 10_000

    /// The parts of the next id: 48 bits of time, 12 and 62 random bits.
    mutating func next(_ milliseconds: Int64) -> (time: Int64, high: UInt64, low: UInt64) {
        let now = min(max(milliseconds, 0), 0xFFFF_FFFF_FFFF)
        let isSameBurst = now <= time && time - now <= Self.tolerance
        guard isSameBurst else {
            begin(now)
            return (time, high, low)
        }
        // A step is at most 2³²: one millisecond is not enough to use up 73 bits.
        steps = steps &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        low += 1 + steps >> 32
        if low >> 62 != 0 {
            low &= 0x3FFF_FFFF_FFFF_FFFF
            high += 1
            if high >> 12 != 0 { begin(time + 1) }
        }
        return (time, high, low)
    }

    private mutating func begin(_ newTime: Int64) {
        var random = SystemRandomNumberGenerator()
        let bits = random.next()
        time = newTime
        high = bits & 0x7FF
        steps = bits
        low = random.next() >> 2
    }
}
