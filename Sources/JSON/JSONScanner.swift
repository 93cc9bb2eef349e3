/// Takes the values of a JSON text (RFC 8259) one after another, without building a tree.
///
/// The caller states which kind of value it expects and receives it, or skips a value and receives the range of its bytes,
/// so that stored payloads pass through as they came. Every byte is checked either way. Strings must be UTF-8, also where
/// they are escaped: a lone surrogate is refused, because neither Swift nor PostgreSQL can store it. A byte order mark
/// is skipped.
///
/// It works on an array, not on unsafe memory: it is the first code that bytes of a request reach.
package struct JSONScanner {
    /// The whole text.
    package let bytes: [UInt8]
    /// The next byte to read.
    package private(set) var position = 0
    private let maximumDepth: Int
    private var depth = 0

    /// A scanner at the beginning of a text.
    ///
    /// - Parameters:
    ///   - bytes: the text.
    ///   - maximumDepth: how deeply objects and arrays may be nested; more is an error, not a crash.
    package init(_ bytes: [UInt8], maximumDepth: Int = 64) {
        self.bytes = bytes
        self.maximumDepth = maximumDepth
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    /// The kind of the next value, which stays to be read.
    package mutating func kind() throws -> JSONKind {
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
    package mutating func finish() throws {
        skipWhiteSpace()
        guard position == bytes.count else { throw error("the text goes on after its end", .trailingText) }
    }

    /// Reads an object; `member` is called with each key and has to read or skip the value.
    package mutating func readObject(_ member: (inout JSONScanner, String) throws -> Void) throws {
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
    package mutating func readArray(_ element: (inout JSONScanner, Int) throws -> Void) throws {
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
    package mutating func readString() throws -> String {
        let string = try scanString()
        if string.isPlain {
            if string.isASCII { return String(decoding: bytes[string.range], as: UTF8.self) }
            return try validated(bytes[string.range], at: string.range.lowerBound)
        }
        return try validated(unescaped(string.range), at: string.range.lowerBound)
    }

    /// Reads a number; returns its text, which keeps every digit.
    package mutating func readNumber() throws -> String {
        String(decoding: bytes[try skipNumber()], as: UTF8.self)
    }

    /// Reads `true` or `false`.
    package mutating func readBool() throws -> Bool {
        if try byte("a value is missing") == UInt8(ascii: "t") {
            try expect("true")
            return true
        }
        try expect("false")
        return false
    }

    /// Reads `null`.
    package mutating func readNull() throws { try expect("null") }

    /// Checks a value of any kind and skips it; returns the range of its bytes.
    package mutating func skipValue() throws -> Range<Int> {
        skipWhiteSpace()
        let start = position
        switch try kind() {
        case .object: try readObject { scanner, _ in _ = try scanner.skipValue() }
        case .array: try readArray { scanner, _ in _ = try scanner.skipValue() }
        case .string: _ = try skipString()
        case .number: _ = try skipNumber()
        case .boolean: _ = try readBool()
        case .null: try readNull()
        }
        return start..<position
    }

    /// Checks a string and skips it; nothing is built for one of ASCII without escapes.
    ///
    /// - Returns: the range of its contents between the quotation marks, and whether they hold no escape.
    package mutating func skipString() throws -> (range: Range<Int>, isPlain: Bool) {
        let string = try scanString()
        if !string.isPlain {
            _ = try validated(unescaped(string.range), at: string.range.lowerBound)
        } else if !string.isASCII {
            _ = try validated(bytes[string.range], at: string.range.lowerBound)
        }
        return (string.range, string.isPlain)
    }

    /// Checks a number and skips it; returns the range of its bytes.
    package mutating func skipNumber() throws -> Range<Int> {
        let start = position
        do throws(JSONFault) {
            position = try JSONNumber.end(in: bytes.span, from: start)
        } catch {
            throw JSONSyntaxError(error, in: bytes)
        }
        return start..<position
    }
}

// MARK: - Bytes

extension JSONScanner {
    @inline(__always)
    private mutating func skipWhiteSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    /// The next byte, which stays to be read.
    @inline(__always)
    private func byte(_ problem: StaticString) throws -> UInt8 {
        guard position < bytes.count else { throw error("\(problem): the text ends here") }
        return bytes[position]
    }

    private func error(
        _ message: String,
        _ reason: JSONSyntaxError.Reason = .malformed,
        at offset: Int? = nil
    ) -> JSONSyntaxError {
        JSONSyntaxError(JSONFault(message, reason, at: offset ?? position), in: bytes)
    }

    private mutating func enter(_ opening: UInt8, _ problem: String) throws {
        guard try byte("a value is missing") == opening else { throw error(problem) }
        guard depth < maximumDepth else {
            throw error("this is nested deeper than \(maximumDepth) levels", .tooDeep)
        }
        depth += 1
        position += 1
    }

    private mutating func expect(_ literal: StaticString) throws {
        let isEqual = literal.withUTF8Buffer { bytes[position...].starts(with: $0) }
        guard isEqual else { throw error("a value is expected here") }
        position += literal.utf8CodeUnitCount
    }

    private mutating func scanString() throws -> (range: Range<Int>, isPlain: Bool, isASCII: Bool) {
        let string = try scannedString()
        position = string.range.upperBound + 1
        return string
    }

    /// The string that begins here: where its contents are, whether they hold no escape, and whether they are ASCII.
    private func scannedString() throws -> (range: Range<Int>, isPlain: Bool, isASCII: Bool) {
        guard try byte("a value is missing") == UInt8(ascii: "\"") else { throw error("a string is expected here") }
        let start = position
        let bytes = bytes.span
        var index = position + 1
        var isPlain = true
        var all: UInt8 = 0
        while index < bytes.count {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "\""): return (start + 1..<index, isPlain, all < 0x80)
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

    private func validated(_ utf8: some Sequence<UInt8>, at start: Int) throws -> String {
        guard let text = String(validating: utf8, as: UTF8.self) else {
            throw error("this string is not UTF-8", .notUTF8, at: start)
        }
        return text
    }

    private func unescaped(_ range: Range<Int>) throws -> [UInt8] {
        do throws(JSONFault) {
            return try JSONString.unescaped(bytes.span, range)
        } catch {
            throw JSONSyntaxError(error, in: bytes)
        }
    }
}
