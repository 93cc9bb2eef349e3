/// Reads JSON text (RFC 8259) into a tree.
///
/// The grammar is ``JSONScanner``'s; code that needs no tree uses that one.
package enum JSONReader {
    /// The value of a text.
    ///
    /// - Parameters:
    ///   - bytes: the text, in UTF-8.
    ///   - maximumDepth: how deeply objects and arrays may be nested.
    /// - Returns: the tree.
    /// - Throws: ``JSONSyntaxError`` with the first mistake.
    package static func value(of bytes: [UInt8], maximumDepth: Int = 64) throws -> JSONValue {
        var scanner = JSONScanner(bytes, maximumDepth: maximumDepth)
        let value = try value(&scanner)
        try scanner.finish()
        return value
    }

    /// The next value of a scanner.
    package static func value(_ scanner: inout JSONScanner) throws -> JSONValue {
        switch try scanner.kind() {
        case .null:
            try scanner.readNull()
            return .null
        case .boolean: return .bool(try scanner.readBool())
        case .number: return .number(try scanner.readNumber())
        case .string: return .string(try scanner.readString())
        case .array:
            var elements: [JSONValue] = []
            try scanner.readArray { scanner, _ in elements.append(try value(&scanner)) }
            return .array(elements)
        case .object:
            var members: [JSONValue.Member] = []
            try scanner.readObject { scanner, key in members.append(JSONValue.Member(key, try value(&scanner))) }
            return .object(members)
        }
    }
}
