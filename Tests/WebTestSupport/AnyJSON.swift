/// Any JSON value, as Foundation reads it.
package enum AnyJSON: Decodable, Equatable, Sendable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([AnyJSON])
    case object([String: AnyJSON])

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([AnyJSON].self) {
            self = .array(value)
        } else if let value = try? container.decode([String: AnyJSON].self) {
            self = .object(value)
        } else {
            self = .number(try container.decode(Double.self))
        }
    }

    package subscript(_ key: String) -> AnyJSON? { if case .object(let members) = self { members[key] } else { nil } }
    package subscript(_ index: Int) -> AnyJSON? { array.flatMap { $0.indices.contains(index) ? $0[index] : nil } }
    package var string: String? { if case .string(let value) = self { value } else { nil } }
    package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    package var int: Int? { if case .number(let value) = self { Int(value) } else { nil } }
    package var array: [AnyJSON]? { if case .array(let value) = self { value } else { nil } }
    package var keys: [String] { if case .object(let members) = self { members.keys.sorted() } else { [] } }
}
