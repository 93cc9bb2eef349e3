package import JSON

extension YAMLNode {
    /// The value of a plain scalar: `true`, `false`, `null` and numbers have those types, and every other text is a
    /// string: `NO` is Norway.
    package static func plain(_ text: String) -> JSONValue {
        switch text {
        case "", "~", "null": return .null
        case "true": return .bool(true)
        case "false": return .bool(false)
        default: return JSONNumber.isNumber(text) ? .number(text) : .string(text)
        }
    }

    /// The value as a tree of JSON.
    package var json: JSONValue {
        switch self {
        case .scalar(let text, let isPlain, _): isPlain ? Self.plain(text) : .string(text)
        case .sequence(let elements, _): .array(elements.map(\.json))
        case .mapping(let members, _): .object(members.map { JSONValue.Member($0.name, $0.value.json) })
        }
    }
}
