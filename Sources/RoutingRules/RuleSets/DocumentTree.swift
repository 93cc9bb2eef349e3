import FoundationEssentials

/// A value of a document, be it written in JSON or in YAML: what both have in common.
package enum DocumentTree: Sendable, Hashable {
    /// Nothing.
    case null
    /// True or false.
    case bool(Bool)
    /// A number, by its text, which keeps every digit.
    case number(String)
    /// A text.
    case string(String)
    /// A list.
    case array([DocumentTree])
    /// Named values, in the order in which they were written.
    case object([Member])

    /// A named value.
    package struct Member: Sendable, Hashable {
        /// The name.
        package var key: String
        /// The value.
        package var value: DocumentTree

        /// A named value.
        package init(_ key: String, _ value: DocumentTree) {
            self.key = key
            self.value = value
        }
    }

    /// What people call a value of this kind.
    package var kind: String {
        switch self {
        case .null: "null"
        case .bool: "true or false"
        case .number: "a number"
        case .string: "a string"
        case .array: "a list"
        case .object: "an object"
        }
    }

    /// The members of an object; none of anything else.
    package var members: [Member] {
        if case .object(let members) = self { members } else { [] }
    }

    /// The member of a name.
    package subscript(key: String) -> DocumentTree? { members.first { $0.key == key }?.value }

    /// The value as JSON.
    package var json: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .number(let text): text
        case .string(let text): Self.quoted(text)
        case .array(let elements): "[" + elements.map(\.json).joined(separator: ",") + "]"
        case .object(let members):
            "{" + members.map { "\(Self.quoted($0.key)):\($0.value.json)" }.joined(separator: ",") + "}"
        }
    }

    /// A text as JSON has it.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            default:
                if scalar.value < 0x20 || scalar.value == 0x7F {
                    let digits = String(scalar.value, radix: 16)
                    result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                } else {
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        return result + "\""
    }
}

extension DocumentTree {
    /// The same value in another dress.
    package init(_ json: ConditionJSON) {
        switch json {
        case .null: self = .null
        case .boolean(let value): self = .bool(value)
        case .number(let digits): self = .number(digits)
        case .text(let text): self = .string(text)
        case .array(let elements): self = .array(elements.map { DocumentTree($0) })
        case .object(let members): self = .object(members.map { Member($0.name, DocumentTree($0.value)) })
        }
    }

    /// The same value as it is written: members in the order of their names, numbers in plain notation.
    package init(inOrder json: ConditionJSON) {
        switch json {
        case .object(let members):
            self = .object(
                members.map { Member($0.name, DocumentTree(inOrder: $0.value)) }.sorted { $0.key < $1.key }
            )
        case .array(let elements): self = .array(elements.map { DocumentTree(inOrder: $0) })
        case .number: self.init(json.canonical)
        default: self.init(json)
        }
    }

    /// Reads JSON text; nil for anything else.
    package init?(json text: String) {
        guard let value = ConditionJSONParser.parse(text) else { return nil }
        self.init(value)
    }

    /// The same value as conditions and settings are read from it.
    package var conditions: ConditionJSON {
        switch self {
        case .null: .null
        case .bool(let value): .boolean(value)
        case .number(let digits): .number(digits)
        case .string(let text): .text(text)
        case .array(let elements): .array(elements.map(\.conditions))
        case .object(let members): .object(members.map { .init($0.key, $0.value.conditions) })
        }
    }
}

extension DocumentTree: Codable {
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// Reads any JSON; members come in the order of their names.
    package init(from decoder: any Decoder) throws {
        if let container = try? decoder.container(keyedBy: Key.self) {
            self = .object(
                try container.allKeys.sorted { $0.stringValue < $1.stringValue }
                    .map { Member($0.stringValue, try container.decode(DocumentTree.self, forKey: $0)) }
            )
            return
        }
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .number(String(value))
        } else if let value = try? container.decode(Double.self) {
            self = .number("\(value)")
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else {
            self = .array(try container.decode([DocumentTree].self))
        }
    }

    /// Writes the value.
    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .null:
            var container = encoder.singleValueContainer()
            try container.encodeNil()
        case .bool(let value): try value.encode(to: encoder)
        case .number(let text):
            if let whole = Int64(text) {
                try whole.encode(to: encoder)
            } else {
                try (Double(text) ?? 0).encode(to: encoder)
            }
        case .string(let text): try text.encode(to: encoder)
        case .array(let elements): try elements.encode(to: encoder)
        case .object(let members):
            var container = encoder.container(keyedBy: Key.self)
            for member in members { try container.encode(member.value, forKey: Key(stringValue: member.key)) }
        }
    }

    /// The tree of a value that can be written as JSON; null for one that cannot.
    package init(encoding value: some Encodable) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let data = (try? encoder.encode(value)) ?? Data("null".utf8)
        self = (try? JSONDecoder().decode(DocumentTree.self, from: data)) ?? .null
    }

    /// The value of a type that can be read from JSON.
    func decoded<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try JSONDecoder().decode(type, from: Data(json.utf8))
    }
}
