import FoundationEssentials

/// A value of JSON, as settings are stored and sent.
package indirect enum SettingsValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case number(Double)
    case text(String)
    case list([SettingsValue])
    case object([String: SettingsValue])

    /// Reads JSON text; nil for anything else.
    package init?(json text: String) {
        guard let value = ConditionJSONParser.parse(text) else { return nil }
        self.init(value)
    }

    /// A value that was read already; of members of one name the last counts.
    package init(_ json: ConditionJSON) {
        switch json {
        case .null: self = .null
        case .boolean(let value): self = .bool(value)
        case .number(let digits): self = Double(digits).map(SettingsValue.number) ?? .null
        case .text(let text): self = .text(text)
        case .array(let elements): self = .list(elements.map(SettingsValue.init))
        case .object(let members):
            self = .object(Dictionary(members.map { ($0.name, SettingsValue($0.value)) }) { $1 })
        }
    }

    /// The same value with its keys in order, ready to be printed.
    package var tree: ConditionJSON {
        switch self {
        case .null: .null
        case .bool(let value): .boolean(value)
        case .number(let value): .number(Int64(exactly: value).map(String.init) ?? ConditionNumber.text(value))
        case .text(let text): .text(text)
        case .list(let values): .array(values.map(\.tree))
        case .object(let members):
            .object(members.sorted { $0.key < $1.key }.map { .init($0.key, $0.value.tree) })
        }
    }

    /// As JSON text, with the keys in order.
    package var json: String { tree.printed }

    var noun: String {
        switch self {
        case .null: "null"
        case .bool: "true or false"
        case .number: "a number"
        case .text: "a string"
        case .list: "an array"
        case .object: "an object"
        }
    }
}

extension SettingsValue: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode([SettingsValue].self) {
            self = .list(value)
        } else {
            self = .object(try container.decode([String: SettingsValue].self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .number(let value):
            if let whole = Int64(exactly: value) { try container.encode(whole) } else { try container.encode(value) }
        case .text(let value): try container.encode(value)
        case .list(let values): try container.encode(values)
        case .object(let members): try container.encode(members)
        }
    }
}

/// A part of settings that cannot be understood.
package struct SettingsProblem: Sendable, Hashable {
    /// Where, as a JSON pointer.
    package let path: String
    /// What is wrong.
    package let message: String
    /// What to do about it.
    package let remedy: String?
}

/// Reads an object of settings by the names of its fields, and notes what is wrong with their paths.
struct SettingsReader {
    private(set) var problems: [SettingsProblem] = []
    private var members: [String: SettingsValue] = [:]
    private let path: String

    /// A reader of an object at a place; anything but an object is noted.
    init(_ value: SettingsValue, at path: String, names: [String]) {
        self.path = path
        guard case .object(let members) = value else {
            problems.append(
                SettingsProblem(path: path, message: "This is an object, not \(value.noun).", remedy: nil)
            )
            return
        }
        self.members = members
        for name in members.keys.sorted() where !names.contains(name) {
            note(name, "There is no such field.", "There are \(names.joined(separator: ", ")).")
        }
    }

    mutating func note(_ name: String, _ message: String, _ remedy: String? = nil) {
        let escaped = name.replacing("~", with: "~0").replacing("/", with: "~1")
        problems.append(SettingsProblem(path: "\(path)/\(escaped)", message: message, remedy: remedy))
    }

    /// The value of a field; null counts as missing.
    private mutating func value(_ name: String, isRequired: Bool) -> SettingsValue? {
        if let value = members[name], value != .null { return value }
        if isRequired { note(name, "This field is required.") }
        return nil
    }

    mutating func text(_ name: String, isRequired: Bool = false) -> String? {
        guard let value = value(name, isRequired: isRequired) else { return nil }
        guard case .text(let text) = value, !text.isEmpty, text.utf8.count <= 200, !text.utf8.contains(0) else {
            note(name, "This is a string of 1 to 200 bytes.")
            return nil
        }
        return text
    }

    mutating func bool(_ name: String) -> Bool? {
        guard let value = value(name, isRequired: false) else { return nil }
        guard case .bool(let bool) = value else {
            note(name, "This is true or false, not \(value.noun).")
            return nil
        }
        return bool
    }

    mutating func number(_ name: String) -> Double? {
        guard let value = value(name, isRequired: false) else { return nil }
        guard case .number(let number) = value, number.isFinite else {
            note(name, "This is a number, not \(value.noun).")
            return nil
        }
        return number
    }

    mutating func integer(_ name: String, in range: ClosedRange<Int64>, isRequired: Bool = false) -> Int64? {
        guard let value = value(name, isRequired: isRequired) else { return nil }
        guard case .number(let number) = value, let whole = Int64(exactly: number), range.contains(whole) else {
            note(name, "This is a whole number from \(range.lowerBound) to \(range.upperBound).")
            return nil
        }
        return whole
    }

    mutating func uuid(_ name: String, isRequired: Bool = false) -> UUID? {
        guard let value = value(name, isRequired: isRequired) else { return nil }
        guard case .text(let text) = value, let id = UUID(text: text) else {
            note(name, "This is not a UUID.", "Send the id of a workspace.")
            return nil
        }
        return id
    }

    mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ name: String,
        of type: Choice.Type,
        isRequired: Bool = false
    ) -> Choice? {
        guard let value = value(name, isRequired: isRequired) else { return nil }
        guard case .text(let text) = value, let choice = Choice(rawValue: text) else {
            note(name, "This is none of \(Choice.allCases.map(\.rawValue).joined(separator: ", ")).")
            return nil
        }
        return choice
    }

    /// A list of texts or anything else, as it is.
    mutating func list(_ name: String, atMost: Int) -> [SettingsValue]? {
        guard let value = value(name, isRequired: false) else { return nil }
        guard case .list(let values) = value, values.count <= atMost else {
            note(name, "This is a list of at most \(atMost) entries.")
            return nil
        }
        return values
    }

    /// An object inside this one.
    mutating func object(_ name: String, names: [String], _ read: (inout SettingsReader) -> Void) {
        guard let value = value(name, isRequired: false) else { return }
        var inner = SettingsReader(value, at: "\(path)/\(name)", names: names)
        if case .object = value { read(&inner) }
        problems += inner.problems
    }

    /// Each object of a list.
    mutating func eachObject(
        _ name: String,
        names: [String],
        atMost: Int,
        _ read: (inout SettingsReader) -> Void
    ) {
        for (index, value) in (list(name, atMost: atMost) ?? []).enumerated() {
            var inner = SettingsReader(value, at: "\(path)/\(name)/\(index)", names: names)
            if case .object = value { read(&inner) }
            problems += inner.problems
        }
    }
}
