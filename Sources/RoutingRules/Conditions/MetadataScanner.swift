/// Finds a value in the text of a JSON object without building anything.
///
/// The text has been checked when it was taken in (``JSONObjectScanner``); what is broken all the same holds nothing. Of
/// members with the same name the last one counts, as in the database.
struct MetadataScanner {
    /// What stands at a path.
    enum Found {
        case null
        case boolean(Bool)
        /// The digits.
        case number(Range<Int>)
        /// What stands between the quotation marks, and whether there are escapes in it.
        case text(Range<Int>, isPlain: Bool)
        case array(Int)
        case object
    }

    let bytes: UnsafeBufferPointer<UInt8>
    private(set) var position = 0

    /// The value at a path, or nil if there is none.
    static func find(_ path: MetadataPath, in bytes: UnsafeBufferPointer<UInt8>) -> Found? {
        var scanner = MetadataScanner(bytes: bytes, position: 0)
        for step in path.steps {
            scanner.skipBlanks()
            let isThere =
                switch step {
                case .member(let name): scanner.enter(member: name)
                case .element(let number): scanner.enter(element: number)
                }
            if !isThere { return nil }
        }
        return scanner.found()
    }

    init(bytes: UnsafeBufferPointer<UInt8>, position: Int) {
        self.bytes = bytes
        self.position = position
    }

    private func byte() -> UInt8 { position < bytes.count ? bytes[position] : 0 }

    mutating func skipBlanks() {
        while position < bytes.count, bytes[position] <= 0x20 { position += 1 }
    }

    /// What begins here.
    mutating func found() -> Found? {
        skipBlanks()
        switch byte() {
        case UInt8(ascii: "n"): return .null
        case UInt8(ascii: "t"): return .boolean(true)
        case UInt8(ascii: "f"): return .boolean(false)
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array(position)
        case UInt8(ascii: "\""):
            let (range, isPlain) = string()
            return .text(range, isPlain: isPlain)
        default:
            guard let end = JSONNumber.end(in: bytes, from: position) else { return nil }
            return .number(position..<end)
        }
    }

    /// Passes over a string; what is between the quotation marks.
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

    private mutating func enter(member name: String) -> Bool {
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
            if isEqual(range, isPlain, name) { place = position }
            skipValue()
        }
        guard let place else { return false }
        position = place
        return true
    }

    private func isEqual(_ range: Range<Int>, _ isPlain: Bool, _ name: String) -> Bool {
        let raw = UnsafeBufferPointer(rebasing: bytes[range])
        if isPlain { return raw.elementsEqual(name.utf8) }
        return JSONString.unescaped(raw) == name
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

    /// Calls `body` with the elements of the array that begins at a place, until it returns true.
    static func anyElement(
        ofArrayAt place: Int,
        in bytes: UnsafeBufferPointer<UInt8>,
        _ body: (Found) -> Bool
    ) -> Bool {
        var scanner = MetadataScanner(bytes: bytes, position: place + 1)
        while scanner.position < bytes.count {
            scanner.skipBlanks()
            if scanner.byte() == UInt8(ascii: "]") { return false }
            var copy = scanner
            guard let found = copy.found() else { return false }
            if body(found) { return true }
            scanner.skipValue()
            scanner.skipBlanks()
            guard scanner.byte() == UInt8(ascii: ",") else { return false }
            scanner.position += 1
        }
        return false
    }
}
