import JSON

/// Checks that a text is a JSON object that PostgreSQL can store as `jsonb`.
///
/// Unlike RFC 8259, `jsonb` refuses `\u0000`, halves of surrogate pairs, and numbers beyond its range; nesting deeper
/// than ``maximumDepth`` has no use. Checked here, such a value fails one lead; found by the database, it would fail
/// the whole batch.
enum StorableJSON {
    /// The deepest nesting of objects and arrays.
    static let maximumDepth = 32

    /// The problem of a text, or nil if it is such an object.
    static func fault(in text: Substring) -> String? {
        // Without contiguous storage, the bytes of a Substring are copied one by one.
        let bytes = text.utf8.withContiguousStorageIfAvailable { Array($0) } ?? Array(text.utf8)
        var scanner = JSONScanner(bytes, maximumDepth: maximumDepth)
        do {
            // JSONScanner skips a byte order mark; jsonb does not.
            guard scanner.position == 0, try scanner.kind() == .object else { return "Is not a JSON object." }
            try check(&scanner, depth: 0)
            try scanner.finish()
            return nil
        } catch let fault as Fault {
            return fault.message
        } catch let error as JSONSyntaxError {
            switch error.reason {
            case .tooDeep: return Fault.tooDeep.message
            case .loneSurrogate: return "Contains half of a surrogate pair."
            case .trailingText: return "Has text after its JSON object."
            case .malformed, .notUTF8: return "Is not valid JSON."
            }
        } catch {
            return "Is not valid JSON."
        }
    }

    private struct Fault: Error {
        let message: String
        static let nul = Fault(message: "Contains the NUL character (\\u0000).")
        static let tooDeep = Fault(message: "Is nested more than \(maximumDepth) deep.")
        static let outOfRange = Fault(message: "Contains a number that is out of range.")
    }

    private static func check(_ scanner: inout JSONScanner, depth: Int) throws {
        guard depth < maximumDepth else { throw Fault.tooDeep }
        switch try scanner.kind() {
        case .object:
            try scanner.readObject { scanner, key in
                if key.utf8.withContiguousStorageIfAvailable({ $0.contains(0) }) ?? true { throw Fault.nul }
                try check(&scanner, depth: depth + 1)
            }
        case .array: try scanner.readArray { scanner, _ in try check(&scanner, depth: depth + 1) }
        case .string:
            let (range, isPlain) = try scanner.skipString()
            if !isPlain, escapesNUL(scanner.bytes[range]) { throw Fault.nul }
        case .number: try check(number: scanner.bytes[try scanner.skipNumber()])
        case .boolean, .null: _ = try scanner.skipValue()
        }
    }

    /// Whether `\u0000` is among the escapes of a checked string.
    private static func escapesNUL(_ contents: ArraySlice<UInt8>) -> Bool {
        var rest = contents
        while let backslash = rest.firstIndex(of: UInt8(ascii: "\\")) {
            rest = rest[(backslash + 1)...]
            if rest.starts(with: "u0000".utf8) { return true }
            rest = rest.dropFirst()
        }
        return false
    }

    /// PostgreSQL's `numeric` accepts more; no measurement needs it.
    private static func check(number: ArraySlice<UInt8>) throws {
        let mantissa = number.prefix { $0 | 0x20 != UInt8(ascii: "e") }
        guard mantissa.count <= 1000 else { throw Fault.outOfRange }
        guard mantissa.count < number.count else { return }
        let digits = number.dropFirst(mantissa.count + 1).drop { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") }
        guard let exponent = Int(String(decoding: digits, as: UTF8.self)), exponent <= 400 else {
            throw Fault.outOfRange
        }
    }
}
