/// Folded texts with a number each, for look-ups without allocation.
///
/// Open addressing with linear probing, at most half full; the texts are stored in one array. It is filled while rules
/// are compiled and only read afterwards. Texts of clients are looked up, never inserted, so only the author of the
/// rules could cause collisions, which would slow down that author's own leads.
struct ValueTable: Sendable {
    private struct Entry {
        var hash: UInt32
        var start: UInt32
        var end: UInt32
        var number: Int32
    }

    private var entries: [Entry] = []
    private var texts: [UInt8] = []
    /// Indexes of entries, from 1; 0 is free, and the size is a power of two.
    private var slots = [Int32](repeating: 0, count: 8)

    /// Whether it has no texts.
    var isEmpty: Bool { entries.isEmpty }

    /// The number of texts.
    var count: Int { entries.count }

    /// The number of a text, if it has one.
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

    /// Inserts a text with a number, or returns its existing number.
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

    /// Hashes eight bytes at a time by multiplication.
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
