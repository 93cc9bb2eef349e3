import RoutingRules

extension DocumentTree {
    /// Reads a body of JSON, whatever it holds; numbers keep every digit.
    ///
    /// - Throws: ``JSONSyntaxError``.
    init(_ bytes: [UInt8], limits: WebConfiguration.Limits) throws {
        var reader = JSONReader(bytes, maximumDepth: limits.jsonDepth)
        self = try Self.read(&reader)
        try reader.finish()
    }

    private static func read(_ reader: inout JSONReader) throws -> DocumentTree {
        switch try reader.kind() {
        case .null:
            try reader.readNull()
            return .null
        case .boolean: return .bool(try reader.readBool())
        case .number: return .number(try reader.readNumber())
        case .string: return .string(try reader.readString())
        case .array:
            var elements: [DocumentTree] = []
            try reader.readArray { reader, _ in elements.append(try read(&reader)) }
            return .array(elements)
        case .object:
            var members: [Member] = []
            try reader.readObject { reader, key in members.append(Member(key, try read(&reader))) }
            return .object(members)
        }
    }
}
