/// Finds a value in the text of a JSON object without building a tree: for conditions on the metadata of a lead.
///
/// The text was checked when it was stored; in a malformed text nothing is found. Of members with the same key the last
/// one counts, as in PostgreSQL's `jsonb`.
package struct JSONLookup {
    /// One step of a path.
    package enum Step: Sendable, Hashable {
        /// Into the member of this key, which is compared exactly.
        case member(String)
        /// Into the element of this number, from 0.
        case element(Int)
    }

    /// The value found at a path.
    package enum Found {
        case null
        case bool(Bool)
        /// Where the digits are.
        case number(Range<Int>)
        /// Where the contents between the quotation marks are, and whether they hold no escape.
        case string(Range<Int>, isPlain: Bool)
        /// Where the array begins.
        case array(Int)
        case object
    }

    private let bytes: UnsafeBufferPointer<UInt8>
    private var position: Int

    /// The value at a path, or nil if there is none.
    package static func find(_ path: [Step], in bytes: UnsafeBufferPointer<UInt8>) -> Found? {
        var lookup = JSONLookup(bytes: bytes, position: 0)
        for step in path {
            lookup.skipBlanks()
            let isThere =
                switch step {
                case .member(let key): lookup.enter(member: key)
                case .element(let number): lookup.enter(element: number)
                }
            if !isThere { return nil }
        }
        return lookup.found()
    }

    /// Calls `body` with the elements of the array that begins at a place, until it returns true.
    ///
    /// - Returns: whether `body` returned true.
    package static func anyElement(
        ofArrayAt place: Int,
        in bytes: UnsafeBufferPointer<UInt8>,
        _ body: (Found) -> Bool
    ) -> Bool {
        var lookup = JSONLookup(bytes: bytes, position: place + 1)
        while lookup.position < bytes.count {
            lookup.skipBlanks()
            if lookup.byte() == UInt8(ascii: "]") { return false }
            var copy = lookup
            guard let found = copy.found() else { return false }
            if body(found) { return true }
            lookup.skipValue()
            lookup.skipBlanks()
            guard lookup.byte() == UInt8(ascii: ",") else { return false }
            lookup.position += 1
        }
        return false
    }
}

extension JSONLookup {
    private func byte() -> UInt8 { position < bytes.count ? bytes[position] : 0 }

    private mutating func skipBlanks() {
        while position < bytes.count, bytes[position] <= 0x20 { position += 1 }
    }

    /// What begins here.
    private mutating func found() -> Found? {
        skipBlanks()
        switch byte() {
        case UInt8(ascii: "n"): return .null
        case UInt8(ascii: "t"): return .bool(true)
        case UInt8(ascii: "f"): return .bool(false)
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array(position)
        case UInt8(ascii: "\""):
            let (range, isPlain) = string()
            return .string(range, isPlain: isPlain)
        default:
            guard let end = try? JSONNumber.end(in: bytes.span, from: position) else { return nil }
            return .number(position..<end)
        }
    }

    /// Skips a string and returns where its contents are.
    private mutating func string() -> (Range<Int>, isPlain: Bool) {
        position += 1
        let start = position
        var isPlain = true
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            if bytes[position] == UInt8(ascii: "\\") {
                isPlain = false
                position += 1
            }
            position += 1
        }
        let end = max(start, min(position, bytes.count))
        position = min(position + 1, bytes.count)
        return (start..<end, isPlain)
    }

    private mutating func skipValue() {
        var depth = 0
        repeat {
            skipBlanks()
            switch byte() {
            case UInt8(ascii: "\""): _ = string()
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                position += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                position += 1
            case UInt8(ascii: ","), UInt8(ascii: ":"): position += 1
            default:
                while position < bytes.count {
                    switch bytes[position] {
                    case UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"), 0...0x20: break
                    default:
                        position += 1
                        continue
                    }
                    break
                }
            }
        } while depth > 0 && position < bytes.count
    }

    private mutating func enter(member key: String) -> Bool {
        guard byte() == UInt8(ascii: "{") else { return false }
        position += 1
        var place: Int?
        while position < bytes.count {
            skipBlanks()
            if byte() == UInt8(ascii: ",") {
                position += 1
                continue
            }
            guard byte() == UInt8(ascii: "\"") else { break }
            let (range, isPlain) = string()
            skipBlanks()
            guard byte() == UInt8(ascii: ":") else { break }
            position += 1
            if isEqual(range, isPlain, key) { place = position }
            skipValue()
        }
        guard let place else { return false }
        position = place
        return true
    }

    private func isEqual(_ range: Range<Int>, _ isPlain: Bool, _ key: String) -> Bool {
        let raw = UnsafeBufferPointer(rebasing: bytes[range])
        if isPlain { return raw.elementsEqual(key.utf8) }
        return JSONString.unescaped(raw) == key
    }

    private mutating func enter(element number: Int) -> Bool {
        guard byte() == UInt8(ascii: "[") else { return false }
        position += 1
        var index = 0
        while position < bytes.count {
            skipBlanks()
            if byte() == UInt8(ascii: "]") { return false }
            if index == number { return true }
            skipValue()
            skipBlanks()
            guard byte() == UInt8(ascii: ",") else { return false }
            position += 1
            index += 1
        }
        return false
    }
}
