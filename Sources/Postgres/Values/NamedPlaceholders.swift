/// An SQL text whose `:name` placeholders have become numbered ones.
///
/// A colon begins a placeholder when a letter or `_` follows it, and neither another colon nor the end of an expression
/// (`x::text`, `a[i:n]`) stands before it. Strings, quoted identifiers, comments and dollar-quoted texts are left alone.
struct NamedPlaceholders {
    /// The text as it is sent.
    private(set) var sql: String
    /// The names, in the order in which they first appear.
    private(set) var names: [String] = []
    /// Whether the text itself numbers parameters.
    private(set) var hasNumbered = false

    private let bytes: [UInt8]
    private var result: [UInt8] = []
    private var place = 0

    init(_ text: String) {
        sql = text
        bytes = Array(text.utf8)
        guard bytes.contains(UInt8(ascii: ":")) || bytes.contains(UInt8(ascii: "$")) else { return }
        result.reserveCapacity(bytes.count)
        while place < bytes.count { step() }
        if !names.isEmpty { sql = String(decoding: result, as: UTF8.self) }
    }

    /// Copies one token, or replaces it.
    private mutating func step() {
        switch bytes[place] {
        case UInt8(ascii: "'"): copyString()
        case UInt8(ascii: "\""): copy(until: "\"")
        case UInt8(ascii: "-") where byte(1) == UInt8(ascii: "-"): copy(until: "\n")
        case UInt8(ascii: "/") where byte(1) == UInt8(ascii: "*"): copyComment()
        case UInt8(ascii: "$") where !isIdentifier(byte(-1)): copyDollar()
        case UInt8(ascii: ":") where byte(1) == UInt8(ascii: ":"): copy(2)
        case UInt8(ascii: ":") where isStart(byte(1)) && !endsExpression(byte(-1)): replace()
        default: copy(1)
        }
    }

    /// Replaces a placeholder by its number.
    private mutating func replace() {
        var end = place + 1
        while end < bytes.count, isIdentifier(bytes[end]) { end += 1 }
        let name = String(decoding: bytes[(place + 1)..<end], as: UTF8.self)
        let number: Int
        if let index = names.firstIndex(of: name) {
            number = index + 1
        } else {
            names.append(name)
            number = names.count
        }
        result.append(contentsOf: "$\(number)".utf8)
        place = end
    }

    /// Copies a string; in one that begins with `E'`, a backslash takes the character after it along.
    private mutating func copyString() {
        let isEscaped = (byte(-1) == UInt8(ascii: "E") || byte(-1) == UInt8(ascii: "e")) && !isIdentifier(byte(-2))
        copy(1)
        while place < bytes.count {
            if isEscaped, bytes[place] == UInt8(ascii: "\\") {
                copy(2)
                continue
            }
            let isEnd = bytes[place] == UInt8(ascii: "'")
            copy(1)
            if isEnd { return }
        }
    }

    /// Copies a comment, with those inside it.
    private mutating func copyComment() {
        var depth = 0
        repeat {
            if bytes[place] == UInt8(ascii: "/"), byte(1) == UInt8(ascii: "*") {
                depth += 1
                copy(2)
            } else if bytes[place] == UInt8(ascii: "*"), byte(1) == UInt8(ascii: "/") {
                depth -= 1
                copy(2)
            } else {
                copy(1)
            }
        } while depth > 0 && place < bytes.count
    }

    /// Copies a dollar-quoted text as a whole, or one `$`.
    private mutating func copyDollar() {
        var end = place + 1
        if let next = byte(1), isDigit(next) {
            hasNumbered = true
            return copy(1)
        }
        while end < bytes.count, isIdentifier(bytes[end]), bytes[end] != UInt8(ascii: "$") { end += 1 }
        guard end < bytes.count, bytes[end] == UInt8(ascii: "$") else { return copy(1) }
        let tag = bytes[place...end]
        copy(tag.count)
        while place < bytes.count {
            if bytes[place...].starts(with: tag) { return copy(tag.count) }
            copy(1)
        }
    }

    private mutating func copy(until end: Unicode.Scalar) {
        copy(1)
        while place < bytes.count {
            let isEnd = bytes[place] == UInt8(ascii: end)
            copy(1)
            if isEnd { return }
        }
    }

    private mutating func copy(_ count: Int) {
        let end = min(place + count, bytes.count)
        result.append(contentsOf: bytes[place..<end])
        place = end
    }

    private func byte(_ offset: Int) -> UInt8? {
        bytes.indices.contains(place + offset) ? bytes[place + offset] : nil
    }

    private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private func isStart(_ byte: UInt8?) -> Bool {
        guard let byte else { return false }
        return (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || byte == UInt8(ascii: "_")
    }

    private func isIdentifier(_ byte: UInt8?) -> Bool {
        guard let byte else { return false }
        return isStart(byte) || isDigit(byte) || byte == UInt8(ascii: "$") || byte >= 0x80
    }

    /// Whether an expression may end with a byte, so that a colon after it separates the bounds of a slice.
    private func endsExpression(_ byte: UInt8?) -> Bool {
        isIdentifier(byte) || byte == UInt8(ascii: ")") || byte == UInt8(ascii: "]") || byte == UInt8(ascii: ":")
    }
}
