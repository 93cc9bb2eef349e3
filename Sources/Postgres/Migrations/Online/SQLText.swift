/// A text of SQL statements, split at the semicolons between them.
///
/// Recognises quotes, dollar quotes and nested comments; nothing else of the language.
struct SQLText: Sendable {
    /// The statements with the comments before them, without their semicolons; without empty ones.
    let statements: [Substring]

    /// Cuts a text.
    init(_ text: String) {
        var statements: [Substring] = []
        var reader = Reader(text: text)
        while let statement = reader.next() {
            if SQLWords(statement).first != nil { statements.append(statement) }
        }
        self.statements = statements
    }

    /// The tables that a text may alter: every `schema.name` after TABLE, EXISTS or ON, also within functions and
    /// blocks; it may include names that are not tables.
    static func tables(in text: String) -> [String] {
        var names: Set<String> = []
        var words = SQLWords(text[...])
        var last = ""
        while let word = words.next() {
            let parts = word.split(separator: ".", omittingEmptySubsequences: false)
            if ["TABLE", "EXISTS", "ON"].contains(last), parts.count == 2, !parts.contains(""), !word.contains("\"") {
                names.insert(word)
            }
            last = word.uppercased()
        }
        return names.sorted()
    }

    private struct Reader {
        let text: String
        let bytes: String.UTF8View
        var place: String.Index
        var isOver = false

        init(text: String) {
            self.text = text
            bytes = text.utf8
            place = bytes.startIndex
        }

        mutating func next() -> Substring? {
            guard !isOver else { return nil }
            let start = place
            while place < bytes.endIndex {
                switch bytes[place] {
                case UInt8(ascii: ";"):
                    let end = place
                    place = bytes.index(after: place)
                    return text[start..<end]
                case UInt8(ascii: "'"), UInt8(ascii: "\""): skipQuoted(bytes[place])
                case UInt8(ascii: "-") where starts("--"): skip(to: "\n")
                case UInt8(ascii: "/") where starts("/*"): skipComment()
                case UInt8(ascii: "$"): skipDollar()
                default: place = bytes.index(after: place)
                }
            }
            isOver = true
            return text[start...]
        }

        private func starts(_ mark: String) -> Bool { bytes[place...].starts(with: mark.utf8) }

        private mutating func advance(_ count: Int) {
            place = bytes.index(place, offsetBy: count, limitedBy: bytes.endIndex) ?? bytes.endIndex
        }

        /// Continues after the next occurrence of a mark, or at the end.
        private mutating func skip(to mark: String) {
            while place < bytes.endIndex, !starts(mark) { place = bytes.index(after: place) }
            advance(mark.utf8.count)
        }

        /// A doubled quote ends one string and begins the next, which gives the same result.
        private mutating func skipQuoted(_ quote: UInt8) {
            let escapes = quote == UInt8(ascii: "'") && isEscapeString
            advance(1)
            while place < bytes.endIndex, bytes[place] != quote {
                advance(escapes && bytes[place] == UInt8(ascii: "\\") ? 2 : 1)
            }
            advance(1)
        }

        private var isEscapeString: Bool {
            guard place > bytes.startIndex else { return false }
            let before = bytes.index(before: place)
            guard bytes[before] | 0x20 == UInt8(ascii: "e") else { return false }
            return before == bytes.startIndex || !bytes[bytes.index(before: before)].isWordByte
        }

        private mutating func skipComment() {
            var depth = 0
            repeat {
                if starts("/*") {
                    depth += 1
                    advance(2)
                } else if starts("*/") {
                    depth -= 1
                    advance(2)
                } else {
                    advance(1)
                }
            } while depth > 0 && place < bytes.endIndex
        }

        /// Skips `$tag$ … $tag$`; a single dollar, as in `$1`, is not a quote.
        private mutating func skipDollar() {
            let start = place
            if start > bytes.startIndex, bytes[bytes.index(before: start)].isWordByte { return advance(1) }
            var end = bytes.index(after: start)
            while end < bytes.endIndex, bytes[end].isWordByte { end = bytes.index(after: end) }
            let first = bytes.index(after: start)
            let isTag = end < bytes.endIndex && bytes[end] == UInt8(ascii: "$")
            guard isTag, first == end || !bytes[first].isDigitByte else { return advance(1) }
            let mark = String(text[start...end])
            advance(mark.utf8.count)
            skip(to: mark)
        }
    }
}

/// The first words of a statement, in capitals, past white space and comments.
struct SQLWords: Sequence, IteratorProtocol {
    private var rest: Substring.UTF8View

    init(_ statement: Substring) { rest = statement.utf8 }

    /// What ``next()`` gives first.
    var first: String? {
        var copy = self
        return copy.next()
    }

    /// The next word or mark as it is written; nil at the end.
    mutating func next() -> String? {
        while let byte = rest.first {
            if byte <= 0x20 {
                rest.removeFirst()
            } else if rest.starts(with: "--".utf8) {
                rest = rest.drop { $0 != 0x0A }
            } else {
                break
            }
        }
        guard let byte = rest.first else { return nil }
        let word = rest.prefix { $0.isWordByte || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "\"") }
        rest = rest.dropFirst(Swift.max(1, word.count))
        return word.isEmpty ? String(UnicodeScalar(byte)) : String(Substring(word))
    }

    /// Where the words read so far end.
    var place: String.Index { rest.startIndex }
}

extension UInt8 {
    fileprivate var isDigitByte: Bool { self >= 0x30 && self <= 0x39 }
    fileprivate var isWordByte: Bool {
        isDigitByte || self == UInt8(ascii: "_") || (self | 0x20 >= 0x61 && self | 0x20 <= 0x7A) || self >= 0x80
    }
}
