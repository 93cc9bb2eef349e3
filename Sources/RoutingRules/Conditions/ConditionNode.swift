package import JSON

/// A part of the tree that `where` holds.
package indirect enum ConditionNode: Sendable, Hashable {
    /// Met when all of its parts are.
    case all([ConditionNode])
    /// Met when one of its parts is.
    case any([ConditionNode])
    /// Met when its part is not.
    case not(ConditionNode)
    /// One comparison.
    case comparison(Comparison)

    /// What a tree may be.
    package enum Limit {
        /// How deep it may be nested.
        package static let depth = 16
        /// How many parts it may have in all.
        package static let nodes = 1000
        /// How many values a list may have.
        package static let values = 1000
        /// How long a text may be, in bytes.
        package static let textBytes = 200
        /// How long a regular expression may be, in bytes.
        package static let patternBytes = 500
    }

    /// The node as JSON; what was saved, member for member.
    package var json: JSONValue {
        switch self {
        case .all(let parts): .object([.init("all", .array(parts.map(\.json)))])
        case .any(let parts): .object([.init("any", .array(parts.map(\.json)))])
        case .not(let part): .object([.init("not", part.json)])
        case .comparison(let comparison): comparison.json
        }
    }
}

/// One comparison of a tree: a field, how it is compared, and with what.
package struct Comparison: Sendable {
    /// What is asked about.
    package let field: ConditionField
    /// How it is compared.
    package let op: ConditionOperator
    /// With what, as it was saved; nil for an operator that takes nothing.
    package let value: JSONValue?
    /// The same made ready.
    let test: Test

    /// What a comparison tests once its value has been read.
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
