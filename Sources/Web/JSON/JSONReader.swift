/// A strict reader of JSON text (RFC 8259) that takes values one after another, without building a tree.
///
/// Whoever reads says what to expect and gets it, or skips a value and gets its bytes: stored payloads pass through as
/// they came. Every byte is checked either way, skipped or not. Strings must be UTF-8, also where they are escaped: a
/// lone surrogate is refused, because neither Swift nor PostgreSQL can store it. A byte order mark is passed over.
///
/// It works on an array, not on unsafe memory: this is the first code that bytes from strangers meet.
struct JSONReader {
    /// What a value begins like.
    enum Kind: String, Sendable {
        case object = "an object"
        case array = "an array"
        case string = "a string"
        case number = "a number"
        case boolean = "true or false"
        case null
    }

    /// The whole text.
    let bytes: [UInt8]
    /// The next byte to read.
    private(set) var position = 0
    private let maximumDepth: Int
    private var depth = 0

    /// A reader at the beginning of a text.
    ///
    /// - Parameters:
    ///   - bytes: the text.
    ///   - maximumDepth: how deeply objects and arrays may be nested; more is an error, not a crash.
    init(_ bytes: [UInt8], maximumDepth: Int = 64) {
        self.bytes = bytes
        self.maximumDepth = maximumDepth
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    /// The kind of the next value, which stays to be read.
    mutating func kind() throws -> Kind {
        skipWhiteSpace()
        switch try byte("a value is missing") {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .boolean
        case UInt8(ascii: "n"): return .null
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        default: throw error("a value is expected here")
        }
    }

    /// Checks that nothing follows but white space.
    mutating func finish() throws {
        skipWhiteSpace()
        guard position == bytes.count else { throw error("the text goes on after its end") }
    }

    /// Reads an object; `member` is called with each key and has to read or skip the value.
    mutating func readObject(_ member: (inout JSONReader, String) throws -> Void) throws {
        try enter(UInt8(ascii: "{"), "an object is expected here")
        skipWhiteSpace()
        if try byte("an object is not closed") == UInt8(ascii: "}") {
            position += 1
        } else {
            while true {
                skipWhiteSpace()
                guard try byte("an object is not closed") == UInt8(ascii: "\"") else {
                    throw error("a key in double quotes is expected here")
                }
                let key = try readString()
                skipWhiteSpace()
                guard try byte("a colon is missing") == UInt8(ascii: ":") else {
                    throw error("a colon is expected here")
                }
                position += 1
                skipWhiteSpace()
                try member(&self, key)
                skipWhiteSpace()
                let next = try byte("an object is not closed")
                guard next == UInt8(ascii: ",") || next == UInt8(ascii: "}") else {
                    throw error("a comma or } is expected here")
                }
                position += 1
                if next == UInt8(ascii: "}") { break }
            }
        }
        depth -= 1
    }

    /// Reads an array; `element` is called with each index and has to read or skip the value.
    mutating func readArray(_ element: (inout JSONReader, Int) throws -> Void) throws {
        try enter(UInt8(ascii: "["), "an array is expected here")
        skipWhiteSpace()
        if try byte("an array is not closed") == UInt8(ascii: "]") {
            position += 1
        } else {
            var index = 0
            while true {
                skipWhiteSpace()
                try element(&self, index)
                index += 1
                skipWhiteSpace()
                let next = try byte("an array is not closed")
                guard next == UInt8(ascii: ",") || next == UInt8(ascii: "]") else {
                    throw error("a comma or ] is expected here")
                }
                position += 1
                if next == UInt8(ascii: "]") { break }
            }
        }
        depth -= 1
    }

    /// Reads a string.
    mutating func readString() throws -> String {
        let start = position + 1
        let (end, isPlain, isASCII) = try scanString()
        if isPlain {
            if isASCII { return String(decoding: bytes[start..<end], as: UTF8.self) }
            guard let text = String(validating: bytes[start..<end], as: UTF8.self) else {
                throw error("this string is not UTF-8", at: start)
            }
            return text
        }
        guard let text = String(validating: try unescape(start..<end), as: UTF8.self) else {
            throw error("this string is not UTF-8", at: start)
        }
        return text
    }

    /// Reads a number and gives its text, which keeps every digit.
    mutating func readNumber() throws -> String {
        String(decoding: bytes[try scanNumber()], as: UTF8.self)
    }

    /// Reads `true` or `false`.
    mutating func readBool() throws -> Bool {
        if try byte("a value is missing") == UInt8(ascii: "t") {
            try expect("true")
            return true
        }
        try expect("false")
        return false
    }

    /// Reads `null`.
    mutating func readNull() throws { try expect("null") }

    /// Checks a value of any kind and passes over it; gives where its bytes are.
    mutating func skipValue() throws -> Range<Int> {
        skipWhiteSpace()
        let start = position
        switch try kind() {
        case .object: try readObject { reader, _ in _ = try reader.skipValue() }
        case .array: try readArray { reader, _ in _ = try reader.skipValue() }
        case .string: _ = try readString()
        case .number: _ = try scanNumber()
        case .boolean: _ = try readBool()
        case .null: try readNull()
        }
        return start..<position
    }
}

// MARK: - Bytes

extension JSONReader {
    private mutating func skipWhiteSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    /// The next byte, which stays to be read.
    private func byte(_ problem: String) throws -> UInt8 {
        guard position < bytes.count else { throw error("\(problem): the text ends here") }
        return bytes[position]
    }

    private func error(_ message: String, at offset: Int? = nil) -> JSONSyntaxError {
        JSONSyntaxError(message, in: bytes, at: offset ?? position)
    }

    private mutating func enter(_ opening: UInt8, _ problem: String) throws {
        guard try byte("a value is missing") == opening else { throw error(problem) }
        guard depth < maximumDepth else { throw error("this is nested deeper than \(maximumDepth) levels") }
        depth += 1
        position += 1
    }

    private mutating func expect(_ literal: StaticString) throws {
        let isEqual = literal.withUTF8Buffer { bytes[position...].starts(with: $0) }
        guard isEqual else { throw error("a value is expected here") }
        position += literal.utf8CodeUnitCount
    }

    /// Passes over a string; gives where its contents end, whether they hold no escape, and whether they are ASCII.
    private mutating func scanString() throws -> (end: Int, isPlain: Bool, isASCII: Bool) {
        guard try byte("a value is missing") == UInt8(ascii: "\"") else { throw error("a string is expected here") }
        let start = position
        var index = position + 1
        var isPlain = true
        var all: UInt8 = 0
        while index < bytes.count {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "\""):
                position = index + 1
                return (index, isPlain, all < 0x80)
            case UInt8(ascii: "\\"):
                isPlain = false
                index += 2
            case 0..<0x20:
                throw error("a control character in a string has to be escaped", at: index)
            default:
                all |= byte
                index += 1
            }
        }
        throw error("a string is not closed", at: start)
    }

    private func unescape(_ range: Range<Int>) throws -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(range.count)
        var index = range.lowerBound
        while index < range.upperBound {
            guard bytes[index] == UInt8(ascii: "\\") else {
                text.append(bytes[index])
                index += 1
                continue
            }
            switch bytes[index + 1] {
            case UInt8(ascii: "\""): text.append(UInt8(ascii: "\""))
            case UInt8(ascii: "\\"): text.append(UInt8(ascii: "\\"))
            case UInt8(ascii: "/"): text.append(UInt8(ascii: "/"))
            case UInt8(ascii: "b"): text.append(0x08)
            case UInt8(ascii: "f"): text.append(0x0C)
            case UInt8(ascii: "n"): text.append(0x0A)
            case UInt8(ascii: "r"): text.append(0x0D)
            case UInt8(ascii: "t"): text.append(0x09)
            case UInt8(ascii: "u"):
                var unit = try hexadecimal(index + 2, within: range)
                index += 4
                if unit & 0xFC00 == 0xD800, index + 3 < range.upperBound, bytes[index + 2] == UInt8(ascii: "\\"),
                    bytes[index + 3] == UInt8(ascii: "u")
                {
                    let low = try hexadecimal(index + 4, within: range)
                    if low & 0xFC00 == 0xDC00 {
                        unit = 0x10000 + (unit & 0x3FF) << 10 + (low & 0x3FF)
                        index += 6
                    }
                }
                guard let scalar = Unicode.Scalar(unit) else {
                    throw error("half of a surrogate pair is escaped here", at: index - 4)
                }
                text.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            default: throw error("an unknown escape", at: index)
            }
            index += 2
        }
        return text
    }

    private func hexadecimal(_ start: Int, within range: Range<Int>) throws -> UInt32 {
        guard start + 4 <= range.upperBound else { throw error("four hexadecimal digits are expected here", at: start) }
        var value: UInt32 = 0
        for index in start..<start + 4 {
            let digit: UInt8
            switch bytes[index] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = bytes[index] - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = bytes[index] - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = bytes[index] - UInt8(ascii: "A") + 10
            default: throw error("four hexadecimal digits are expected here", at: start)
            }
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    private mutating func scanNumber() throws -> Range<Int> {
        let start = position
        if position < bytes.count, bytes[position] == UInt8(ascii: "-") { position += 1 }
        if position < bytes.count, bytes[position] == UInt8(ascii: "0") {
            position += 1
        } else {
            try scanDigits()
        }
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            position += 1
            try scanDigits()
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if position < bytes.count, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-") {
                position += 1
            }
            try scanDigits()
        }
        if position < bytes.count, UInt8(ascii: "0")...UInt8(ascii: "9") ~= bytes[position] {
            throw error("a number cannot begin with a zero", at: start)
        }
        return start..<position
    }

    private mutating func scanDigits() throws {
        let start = position
        while position < bytes.count, UInt8(ascii: "0")...UInt8(ascii: "9") ~= bytes[position] { position += 1 }
        guard position > start else { throw error("a digit is expected here") }
    }
}
