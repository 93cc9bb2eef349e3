import FoundationEssentials
import JSON

/// A part of settings that is invalid.
package struct SettingsProblem: Sendable, Hashable {
    /// The place, as a JSON pointer.
    package let path: String
    /// What is wrong.
    package let message: String
    /// The remedy.
    package let remedy: String?
}

/// Reads an object of settings by field name, and records problems with their paths.
struct SettingsReader {
    private(set) var problems: [SettingsProblem] = []
    private var members: [String: JSONValue] = [:]
    private let path: String

    /// A reader of an object; anything but an object is recorded as a problem.
    init(_ value: JSONValue, at path: String, names: [String]) {
        self.path = path
        guard case .object(let members) = value else {
            problems.append(
                SettingsProblem(path: path, message: "This must be an object, not \(value.kind.rawValue).", remedy: nil)
            )
            return
        }
        self.members = Dictionary(members.map { ($0.key, $0.value) }) { _, last in last }
        for name in self.members.keys.sorted() where !names.contains(name) {
            note(name, "This field does not exist.", "Valid fields: \(names.joined(separator: ", ")).")
        }
    }

    mutating func note(_ name: String, _ message: String, _ remedy: String? = nil) {
        problems.append(SettingsProblem(path: "\(path)/\(JSONPointer.part(name))", message: message, remedy: remedy))
    }

    /// The value of a field; null counts as missing.
    private mutating func value(_ name: String, isRequired: Bool) -> JSONValue? {
        if let value = members[name], value != .null { return value }
        if isRequired { note(name, "This field is required.") }
        return nil
    }

    mutating func text(_ name: String, isRequired: Bool = false) -> String? {
        guard let value = value(name, isRequired: isRequired) else { return nil }
        guard case .string(let text) = value, !text.isEmpty, text.utf8.count <= 200, !text.utf8.contains(0) else {
            note(name, "This must be a string of 1 to 200 bytes.")
            return nil
        }
        return text
    }

    mutating func bool(_ name: String) -> Bool? {
        guard let value = value(name, isRequired: false) else { return nil }
        guard case .bool(let bool) = value else {
            note(name, "This must be true or false, not \(value.kind.rawValue).")
            return nil
        }
        return bool
    }

    mutating func number(_ name: String) -> Double? {
        guard let value = value(name, isRequired: false) else { return nil }
        guard let number = value.double else {
            note(
                name,
                value.kind == .number
                    ? "This number is out of range." : "This must be a number, not \(value.kind.rawValue)."
            )
            return nil
        }
        return number
    }

    mutating func integer(_ name: String, in range: ClosedRange<Int64>, isRequired: Bool = false) -> Int64? {
        guard let value = value(name, isRequired: isRequired) else { return nil }
        guard let whole = value.integer, range.contains(whole) else {
            note(name, "This must be a whole number from \(range.lowerBound) to \(range.upperBound).")
            return nil
        }
        return whole
    }

    mutating func uuid(_ name: String, isRequired: Bool = false) -> UUID? {
        guard let value = value(name, isRequired: isRequired) else { return nil }
        guard case .string(let text) = value, let id = UUID(text: text) else {
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
        guard case .string(let text) = value, let choice = Choice(rawValue: text) else {
            note(name, "This is not one of \(Choice.allCases.map(\.rawValue).joined(separator: ", ")).")
            return nil
        }
        return choice
    }

    /// A list of any values, without checking them.
    mutating func list(_ name: String, atMost: Int) -> [JSONValue]? {
        guard let value = value(name, isRequired: false) else { return nil }
        guard case .array(let values) = value, values.count <= atMost else {
            note(name, "This must be a list of at most \(atMost) entries.")
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
