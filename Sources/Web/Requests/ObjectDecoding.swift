import CivilTime
import FoundationEssentials
import JSON
import LeadRouting
import RoutingRules

/// Reads a small object (a rule, a workspace, an agreement) by the names of its fields.
///
/// The values are kept by name until they are used. Invalid JSON ends decoding; other problems are recorded and thrown
/// together by ``finish()``.
struct ObjectDecoding {
    private var values: [String: JSONValue] = [:]
    private var problems: [FieldProblem] = []
    private let pointer: String

    /// Decodes a body, which must be an object.
    ///
    /// - Parameters:
    ///   - bytes: the body.
    ///   - names: the valid names, as in the documentation; snake case or camel case is accepted.
    ///   - limits: the limit of nesting.
    /// - Throws: ``JSONSyntaxError``, or ``Problem`` if it is not an object.
    init(_ bytes: [UInt8], names: [String], limits: WebConfiguration.Limits) throws {
        let value = try JSONReader.value(of: bytes, maximumDepth: limits.jsonDepth)
        guard case .object(let members) = value else {
            throw Problem.invalid("", "The body must be an object, not \(value.kind.rawValue).")
        }
        self.init(members, names: names, pointer: "")
    }

    private init(_ members: [JSONValue.Member], names: [String], pointer: String) {
        self.pointer = pointer
        let known = Dictionary(names.flatMap { [($0, $0), (snakeCase($0), $0), (camelCase($0), $0)] }) { first, _ in
            first
        }
        for member in members {
            let key = member.key
            guard let name = known[key] else {
                let meant = KnownNames.closest(to: key, among: names).map { "Did you mean \($0)?" }
                note(
                    JSONPointer.part(key),
                    "This field does not exist.",
                    meant ?? "Valid fields: \(names.joined(separator: ", "))."
                )
                continue
            }
            if values.updateValue(member.value, forKey: name) != nil {
                note(name, "This field is given twice.", "Send it once.")
            }
        }
    }

    /// Whether a field is present, even if null.
    func has(_ name: String) -> Bool { values[name] != nil }

    /// Whether a field is null.
    func isNull(_ name: String) -> Bool {
        if case .null = values[name] { true } else { false }
    }

    /// A text, trimmed and not blank.
    mutating func text(_ name: String, limit: Int = 200) -> String? {
        guard let value = values[name] else { return nil }
        guard case .string(let text) = value else { return wrong(name, "a string", value) }
        let count = problems.count
        let cleaned = TextChecks.clean(text, limit, pointer + "/" + name, &problems)
        if cleaned == nil, problems.count == count { note(name, "This is blank.", "Send 1 to \(limit) characters.") }
        return cleaned
    }

    /// A text of any length, as it is.
    mutating func longText(_ name: String) -> String? {
        guard let value = values[name] else { return nil }
        guard case .string(let text) = value else { return wrong(name, "a string", value) }
        return text
    }

    /// `true` or `false`.
    mutating func bool(_ name: String) -> Bool? {
        guard let value = values[name] else { return nil }
        guard case .bool(let bool) = value else { return wrong(name, "true or false", value) }
        return bool
    }

    /// A whole number of 32 bits.
    mutating func int32(_ name: String) -> Int32? {
        guard let value = values[name] else { return nil }
        guard case .number(let text) = value, let number = Int32(text) else {
            return wrong(name, "a whole number between \(Int32.min) and \(Int32.max)", value)
        }
        return number
    }

    /// A version number; null counts as missing.
    mutating func version(_ name: String) -> Int64? {
        guard let value = values[name], !isNull(name) else { return nil }
        guard case .number(let text) = value, let number = Int64(text), number >= 0 else {
            return wrong(name, "the number of a version", value)
        }
        return number
    }

    /// A time, in microseconds since 1970; null counts as missing.
    mutating func time(_ name: String) -> Int64? {
        guard let value = values[name], !isNull(name) else { return nil }
        guard case .string(let text) = value else { return wrong(name, "a time in a string", value) }
        guard let time = RFC3339.microseconds(ofInstantOrDate: text) else {
            note(name, "This is not a time.", "Send one such as 2026-01-31T12:00:00Z, or a date.")
            return nil
        }
        return time
    }

    /// An id; null counts as missing.
    mutating func uuid(_ name: String) -> UUID? {
        guard let value = values[name], !isNull(name) else { return nil }
        guard case .string(let text) = value else { return wrong(name, "a UUID in a string", value) }
        guard let id = UUID(text: text) else {
            note(name, "This is not a UUID.", "Send an id such as 0190f7c4-9d3e-7c55-8b1e-2f6a4d1c9e07.")
            return nil
        }
        return id
    }

    /// A list of texts; a single text counts as a list of one, null as an empty list.
    mutating func texts(_ name: String, limit: Int = 200, count: Int = 1000) -> [String]? {
        guard let value = values[name] else { return nil }
        var texts: [String] = []
        switch value {
        case .null: break
        case .string: texts = text(name, limit: limit).map { [$0] } ?? []
        case .array(let elements):
            guard elements.count <= count else {
                note(name, "There are more than \(count) values.", "Split the rule.")
                return nil
            }
            for (index, element) in elements.enumerated() {
                let place = "\(pointer)/\(name)/\(index)"
                guard case .string(let text) = element else {
                    problems.append(
                        FieldProblem(field: place, message: "This must be a string, not \(element.kind.rawValue).")
                    )
                    continue
                }
                let before = problems.count
                if let cleaned = TextChecks.clean(text, limit, place, &problems) {
                    texts.append(cleaned)
                } else if problems.count == before {
                    problems.append(FieldProblem(field: place, message: "This is blank.", remedy: "Omit it."))
                }
            }
        default: return wrong(name, "a list of strings", value)
        }
        return texts
    }

    /// A value of any type, for callers that decode it themselves; nil if the field is missing.
    func json(_ name: String) -> JSONValue? { values[name] }

    /// An object inside this one.
    mutating func object<Result>(
        _ name: String,
        names: [String],
        _ read: (inout ObjectDecoding) -> Result
    ) -> Result? {
        guard let value = values[name], !isNull(name) else { return nil }
        guard case .object(let members) = value else { return wrong(name, "an object", value) }
        var inner = ObjectDecoding(members, names: names, pointer: pointer + "/" + name)
        let result = read(&inner)
        problems += inner.problems
        return result
    }

    /// Records problems of settings.
    mutating func note(_ settings: [SettingsProblem]) {
        problems += settings.map { FieldProblem(field: $0.path, message: $0.message, remedy: $0.remedy) }
    }

    /// Records a problem if a field is missing.
    mutating func require(_ name: String, _ remedy: String) {
        if !has(name) || isNull(name) { note(name, "This field is required.", remedy) }
    }

    /// Records a problem of a field.
    mutating func note(_ name: String, _ message: String, _ remedy: String? = nil) {
        problems.append(FieldProblem(field: pointer + "/" + name, message: message, remedy: remedy))
    }

    /// Throws the recorded problems, if any.
    func finish() throws {
        if !problems.isEmpty { throw Problem.invalid(problems) }
    }

    private mutating func wrong<Result>(_ name: String, _ expected: String, _ value: JSONValue) -> Result? {
        note(name, "This must be \(expected), not \(value.kind.rawValue).")
        return nil
    }
}

/// `firstName` as `first_name`.
private func snakeCase(_ name: String) -> String {
    name.reduce(into: "") { text, character in
        text += character.isUppercase ? "_" + character.lowercased() : String(character)
    }
}

/// `us_states` as `usStates`.
private func camelCase(_ name: String) -> String {
    let words = name.split(separator: "_")
    return words.dropFirst().reduce(String(words.first ?? "")) { $0 + $1.prefix(1).uppercased() + $1.dropFirst() }
}
