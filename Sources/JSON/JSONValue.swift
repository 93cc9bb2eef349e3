/// A JSON value as a tree.
///
/// Numbers keep the exact text that they were written with, and objects the order of their members, so that a value is
/// written as it was read.
package enum JSONValue: Sendable, Hashable {
    /// `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A number, as its text in the notation of JSON.
    case number(String)
    /// A string.
    case string(String)
    /// An array.
    case array([JSONValue])
    /// An object.
    case object([Member])

    /// A member of an object.
    package struct Member: Sendable, Hashable {
        /// Its key.
        package var key: String
        /// Its value.
        package var value: JSONValue

        /// A member.
        package init(_ key: String, _ value: JSONValue) {
            self.key = key
            self.value = value
        }
    }

    /// A whole number.
    package init(_ number: some BinaryInteger) { self = .number(String(number)) }

    /// A number without `.0` behind a whole one; `null` for infinities and for what is no number.
    package init(_ number: Double) { self = number.isFinite ? .number(JSONNumber.text(number)) : .null }

    /// A string, or `null`.
    package init(_ text: String?) { self = text.map(JSONValue.string) ?? .null }

    /// An object of these members; those without a value are left out.
    package static func object(leavingOutNil members: KeyValuePairs<String, JSONValue?>) -> JSONValue {
        .object(members.compactMap { key, value in value.map { Member(key, $0) } })
    }
}

// MARK: - Parts

extension JSONValue {
    /// Which kind of value it is.
    package var kind: JSONKind {
        switch self {
        case .null: .null
        case .bool: .boolean
        case .number: .number
        case .string: .string
        case .array: .array
        case .object: .object
        }
    }

    /// A member of an object; nil for other values too.
    ///
    /// Of members with the same key the last one counts, as in PostgreSQL's `jsonb`.
    package subscript(_ key: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.key == key }?.value
    }

    /// The truth value, if it is one.
    package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

    /// The string, if it is one.
    package var string: String? { if case .string(let text) = self { text } else { nil } }

    /// The number, if it is one that a `Double` holds.
    package var double: Double? {
        guard case .number(let text) = self, let number = Double(text), number.isFinite else { return nil }
        return number
    }

    /// The number, if it is a whole one of 64 bits in any notation: `5`, `5.0` and `0.5e1` are the same.
    package var integer: Int64? {
        guard case .number(let text) = self else { return nil }
        return Int64(text) ?? Double(text).flatMap { Int64(exactly: $0) }
    }

    /// The elements, if it is an array.
    package var array: [JSONValue]? { if case .array(let elements) = self { elements } else { nil } }

    /// The members, if it is an object.
    package var members: [Member]? { if case .object(let members) = self { members } else { nil } }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(integerLiteral value: Int64) { self = .number(String(value)) }
    package init(nilLiteral: ()) { self = .null }
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(elements.map { Member($0.0, $0.1) })
    }
}

// MARK: - Text

extension JSONValue {
    /// Reads a text; nil for what is not JSON or is nested deeper than 64 levels.
    package init?(json text: String) {
        guard let value = try? JSONReader.value(of: Array(text.utf8)) else { return nil }
        self = value
    }

    /// The value as compact JSON.
    package var json: String { String(decoding: bytes, as: UTF8.self) }

    /// The value as compact JSON in UTF-8.
    package var bytes: [UInt8] {
        var writer = JSONWriter()
        writer.value(self)
        return writer.bytes
    }

    /// The same value in the one form in which values are compared and shown: members in the order of their keys,
    /// numbers in plain notation.
    package var canonical: JSONValue {
        switch self {
        case .number(let text): .number(JSONNumber.canonical(text))
        case .array(let elements): .array(elements.map(\.canonical))
        case .object(let members):
            .object(members.map { Member($0.key, $0.value.canonical) }.sorted { $0.key < $1.key })
        case .null, .bool, .string: self
        }
    }
}
