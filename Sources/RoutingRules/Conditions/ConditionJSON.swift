/// A JSON value, as conditions are read from it and written to it; numbers keep the digits that were sent.
package enum ConditionJSON: Sendable, Hashable {
    case null
    case boolean(Bool)
    case number(String)
    case text(String)
    case array([ConditionJSON])
    case object([Member])

    /// A member of an object; the order is kept.
    package struct Member: Sendable, Hashable {
        /// Its name.
        package let name: String
        /// Its value.
        package let value: ConditionJSON

        /// A member.
        package init(_ name: String, _ value: ConditionJSON) {
            self.name = name
            self.value = value
        }
    }

    /// What it is, for a sentence.
    var noun: String {
        switch self {
        case .null: "null"
        case .boolean: "true or false"
        case .number: "a number"
        case .text: "a text"
        case .array: "a list"
        case .object: "an object"
        }
    }

    /// The same value as it comes back from the database: numbers in plain notation, the parts of a place in one order.
    var canonical: ConditionJSON {
        switch self {
        case .number(var digits):
            return .number(
                digits.withUTF8 { bytes in
                    ConditionNumber.isCanonical(bytes)
                        ? String(decoding: bytes, as: UTF8.self) : ConditionNumber.canonical(bytes)
                }
            )
        case .array(let elements): return .array(elements.map(\.canonical))
        case .object(let members):
            let order = ["latitude", "longitude", "kilometres", "kilometers", "miles"]
            func place(_ member: Member) -> Int { order.firstIndex(of: member.name) ?? order.count }
            return .object(
                members.sorted { place($0) < place($1) }.map { Member($0.name, $0.value.canonical) }
            )
        case .null, .boolean, .text: return self
        }
    }

    /// The value as compact JSON.
    package var printed: String {
        var text = ""
        print(to: &text)
        return text
    }

    private func print(to text: inout String) {
        switch self {
        case .null: text += "null"
        case .boolean(let value): text += value ? "true" : "false"
        case .number(let digits): text += digits
        case .text(let value): Self.print(value, to: &text)
        case .array(let elements):
            text += "["
            for (index, element) in elements.enumerated() {
                if index > 0 { text += "," }
                element.print(to: &text)
            }
            text += "]"
        case .object(let members):
            text += "{"
            for (index, member) in members.enumerated() {
                if index > 0 { text += "," }
                Self.print(member.name, to: &text)
                text += ":"
                member.value.print(to: &text)
            }
            text += "}"
        }
    }

    private static func print(_ value: String, to text: inout String) {
        text += "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\u{0}"..<"\u{20}":
                let hex = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}

extension ConditionJSON: Codable {
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// Reads any JSON value; the members of an object come in the order of their names.
    package init(from decoder: any Decoder) throws {
        if let container = try? decoder.container(keyedBy: Key.self) {
            let keys = container.allKeys.sorted { $0.stringValue < $1.stringValue }
            self = .object(
                try keys.map { Member($0.stringValue, try container.decode(ConditionJSON.self, forKey: $0)) }
            )
            return
        }
        if var container = try? decoder.unkeyedContainer() {
            var elements: [ConditionJSON] = []
            while !container.isAtEnd { elements.append(try container.decode(ConditionJSON.self)) }
            self = .array(elements)
            return
        }
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .boolean(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .number(String(value))
        } else {
            self = .number(ConditionNumber.text(try container.decode(Double.self)))
        }
    }

    /// Writes the value.
    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .array(let elements):
            var container = encoder.unkeyedContainer()
            for element in elements { try container.encode(element) }
        case .object(let members):
            var container = encoder.container(keyedBy: Key.self)
            for member in members { try container.encode(member.value, forKey: Key(stringValue: member.name)) }
        case .null:
            var container = encoder.singleValueContainer()
            try container.encodeNil()
        case .boolean(let value):
            var container = encoder.singleValueContainer()
            try container.encode(value)
        case .text(let value):
            var container = encoder.singleValueContainer()
            try container.encode(value)
        case .number(let digits):
            var container = encoder.singleValueContainer()
            if let whole = Int64(digits) {
                try container.encode(whole)
            } else {
                try container.encode(Double(digits) ?? 0)
            }
        }
    }
}
