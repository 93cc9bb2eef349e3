package import FoundationEssentials

/// A value of a parameter, with the type under which it is sent; nil is SQL NULL.
package enum ParameterValue: Sendable {
    case uuid(UUID?)
    case text(String?)
    case int32(Int32?)
    case int64(Int64?)
    case double(Double?)
    case bool(Bool?)
    case timestamp(Timestamp?)
    case bytes([UInt8]?)
    /// A `jsonb` from its text; the server checks that it is JSON.
    case json(String?)
    case uuids([UUID?])
    case texts([String?])
    case int16s([Int16?])
    case int32s([Int32?])
    case int64s([Int64?])
    case timestamps([Timestamp?])
    case byteStrings([[UInt8]?])
}

extension Parameters: ExpressibleByDictionaryLiteral {
    /// Parameters by name, in any order: `["lead": .uuid(id), "limit": .int64(100)]`.
    package init(dictionaryLiteral elements: (StaticString, ParameterValue)...) {
        self.init()
        for (name, value) in elements { append(name, value) }
    }

    /// Appends a parameter that a statement calls `:name`.
    package mutating func append(_ name: StaticString, _ value: ParameterValue) {
        switch value {
        case .uuid(let value): append(value)
        case .text(let value): append(value)
        case .int32(let value): append(value)
        case .int64(let value): append(value)
        case .double(let value): append(value)
        case .bool(let value): append(value)
        case .timestamp(let value): append(value)
        case .bytes(let value): append(value)
        case .json(let value): json(value)
        case .uuids(let values): append(array: values)
        case .texts(let values): append(array: values)
        case .int16s(let values): append(array: values)
        case .int32s(let values): append(array: values)
        case .int64s(let values): append(array: values)
        case .timestamps(let values): append(array: values)
        case .byteStrings(let values): append(array: values)
        }
        setName(name)
    }
}
