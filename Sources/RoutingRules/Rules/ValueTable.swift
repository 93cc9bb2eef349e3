/// Folded texts with a number each, for look-ups that allocate nothing.
///
/// Open addressing with linear probing, at most half full; the texts lie in one array. It is filled while rules are
/// compiled and only read afterwards. Texts that come from outside are looked up, never inserted, so no client can fill
/// it with collisions but the author of the rules, whose own leads would then be slower.
struct ValueTable: Sendable {
    private struct Entry {
        var hash: UInt32
        var start: UInt32
        var end: UInt32
        var number: Int32
    }

    private var entries: [Entry] = []
    private var texts: [UInt8] = []
    /// Places of entries, from 1; 0 is free, and the count is a power of two.
    private var slots = [Int32](repeating: 0, count: 8)

    /// Whether there is nothing to be found.
    var isEmpty: Bool { entries.isEmpty }

    /// How many texts there are.
    var count: Int { entries.count }

    /// The number of a text, if it is there.
    func number(of text: UnsafeBufferPointer<UInt8>) -> Int? {
        let hash = Self.hash(text)
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0 {
            let entry = entries[Int(slots[slot]) - 1]
            if entry.hash == UInt32(truncatingIfNeeded: hash), isEqual(entry, text) { return Int(entry.number) }
            slot = (slot + 1) & mask
        }
        return nil
    }

    /// Inserts a text with a number, or returns the number that it has already.
    @discardableResult
    mutating func insert(_ text: [UInt8], number: @autoclosure () -> Int) -> Int {
        if let existing = text.withUnsafeBufferPointer(self.number) { return existing }
        let entry = Entry(
            hash: UInt32(truncatingIfNeeded: text.withUnsafeBufferPointer(Self.hash)),
            start: UInt32(texts.count),
            end: UInt32(texts.count + text.count),
            number: Int32(number())
        )
        texts += text
        entries.append(entry)
        if entries.count * 2 > slots.count {
            slots = [Int32](repeating: 0, count: slots.count * 2)
            for index in entries.indices { place(index) }
        } else {
            place(entries.count - 1)
        }
        return Int(entry.number)
    }

    private mutating func place(_ index: Int) {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: entries[index].hash) & mask
        while slots[slot] != 0 { slot = (slot + 1) & mask }
        slots[slot] = Int32(index + 1)
    }

    private func isEqual(_ entry: Entry, _ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard Int(entry.end - entry.start) == text.count else { return false }
        let start = Int(entry.start)
        return texts.withUnsafeBufferPointer { all in
            for index in 0..<text.count where all[start + index] != text[index] { return false }
            return true
        }
    }

    /// Eight bytes at a time, each mixed in by a multiplication.
    private static func hash(_ text: UnsafeBufferPointer<UInt8>) -> UInt64 {
        let raw = UnsafeRawBufferPointer(text)
        var hash = 0x9E37_79B9_7F4A_7C15 ^ UInt64(text.count)
        var offset = 0
        while offset + 8 <= raw.count {
            hash = mixed(hash ^ raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            offset += 8
        }
        var tail: UInt64 = 0
        while offset < raw.count {
            tail = tail << 8 | UInt64(raw[offset])
            offset += 1
        }
        return mixed(hash ^ tail)
    }

    private static func mixed(_ value: UInt64) -> UInt64 {
        let product = value.multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
        return product.high ^ product.low
    }
}
