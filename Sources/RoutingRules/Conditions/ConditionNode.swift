package import JSON

/// A node of the tree in `where`.
package indirect enum ConditionNode: Sendable, Hashable {
    /// True if all of its parts are.
    case all([ConditionNode])
    /// True if one of its parts is.
    case any([ConditionNode])
    /// True if its part is false.
    case not(ConditionNode)
    /// One comparison.
    case comparison(Comparison)

    /// The limits of a tree.
    package enum Limit {
        /// The deepest nesting.
        package static let depth = 16
        /// The most nodes.
        package static let nodes = 1000
        /// The most values of a list.
        package static let values = 1000
        /// The longest text, in bytes.
        package static let textBytes = 200
        /// The longest regular expression, in bytes.
        package static let patternBytes = 500
    }

    /// The node as JSON, exactly as it was saved.
    package var json: JSONValue {
        switch self {
        case .all(let parts): .object([.init("all", .array(parts.map(\.json)))])
        case .any(let parts): .object([.init("any", .array(parts.map(\.json)))])
        case .not(let part): .object([.init("not", part.json)])
        case .comparison(let comparison): comparison.json
        }
    }
}

/// One comparison of a tree: a field, an operator and a value.
package struct Comparison: Sendable {
    /// The field.
    package let field: ConditionField
    /// The operator.
    package let op: ConditionOperator
    /// The value, as it was saved; nil for an operator without one.
    package let value: JSONValue?
    /// The compiled form.
    let test: Test

    /// The compiled test of a comparison.
    enum Test: Sendable {
        /// Whether there is a value.
        case presence
        /// Whether the value is one of these.
        case keys(EqualityKeys)
        case contains([UInt8])
        case startsWith([UInt8])
        case endsWith([UInt8])
        case pattern(TextPattern)
        case numbers(Extent)
        case dates(Extent)
        case freeMail(Bool)
        case within(Circle)
    }

    /// The comparison as JSON.
    var json: JSONValue {
        var members: [JSONValue.Member] = [.init("field", .string(field.name)), .init("op", .string(op.rawValue))]
        if let value { members.append(.init("value", value)) }
        return .object(members)
    }
}

extension Comparison: Hashable {
    package static func == (one: Comparison, other: Comparison) -> Bool {
        one.field == other.field && one.op == other.op && one.value == other.value
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(field)
        hasher.combine(op)
        hasher.combine(value)
    }
}

/// The values of an equality in the form in which they are compared, in order.
struct EqualityKeys: Sendable {
    let keys: [[UInt8]]

    init(_ keys: [[UInt8]]) {
        var sorted = keys.sorted { $0.lexicographicallyPrecedes($1) }
        var previous: [UInt8]?
        sorted.removeAll { key in
            defer { previous = key }
            return key == previous
        }
        self.keys = sorted
    }

    func contains(_ key: UnsafeBufferPointer<UInt8>) -> Bool {
        var low = 0
        var high = keys.count
        while low < high {
            let middle = (low + high) / 2
            if keys[middle].elementsEqual(key) { return true }
            if keys[middle].lexicographicallyPrecedes(key) { low = middle + 1 } else { high = middle }
        }
        return false
    }
}
