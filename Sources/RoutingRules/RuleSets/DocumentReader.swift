import FoundationEssentials
import JSON

/// A problem of a document, and its place.
package struct DocumentProblem: Error, Sendable, Hashable, CustomStringConvertible {
    /// The place, as a JSON pointer into the document.
    package let path: String
    /// The problem, in one sentence.
    package let message: String
    /// The remedy, if the sentence does not contain it.
    package let remedy: String?

    /// A problem at a place.
    package init(path: String, _ message: String, remedy: String? = nil) {
        self.path = path
        self.message = message
        self.remedy = remedy
    }

    package var description: String { "\(path.isEmpty ? "/" : path): \(message)" }
}

/// Reads an object of a document strictly: an unknown name is a problem, and so is a value of another type.
struct DocumentReader {
    private let members: [JSONValue.Member]
    /// The place of the object.
    let place: String
    private(set) var problems: [DocumentProblem] = []

    /// Reads an object; anything else is a problem.
    init(_ tree: JSONValue, path: String, names: [String]) {
        place = path
        members = tree.members ?? []
        guard case .object = tree else {
            problems.append(DocumentProblem(path: path, "This must be an object, not \(tree.kind.rawValue)."))
            return
        }
        var seen: Set<String> = []
        for member in members {
            if !names.contains(member.key) {
                note(member.key, "This field does not exist.", "Valid fields: \(names.joined(separator: ", ")).")
            } else if !seen.insert(member.key).inserted {
                note(member.key, "This field is given twice.", "Write it once.")
            }
        }
    }

    /// The value of a field; nil if it is missing or null.
    func value(_ name: String) -> JSONValue? {
        guard let value = members.first(where: { $0.key == name })?.value, value != .null else { return nil }
        return value
    }

    /// Records a problem of a field.
    mutating func note(_ name: String, _ message: String, _ remedy: String? = nil) {
        problems.append(DocumentProblem(path: "\(place)/\(JSONPointer.part(name))", message, remedy: remedy))
    }

    /// Adds the problems of nested values.
    mutating func add(_ found: [DocumentProblem]) { problems += found }

    mutating func string(_ name: String, limit: Int = 200) -> String? {
        guard let value = value(name) else { return nil }
        guard case .string(let text) = value else { return wrong(name, "a string", value) }
        guard !text.isEmpty, text.utf8.count <= limit, !text.utf8.contains(where: { $0 < 0x20 }) else {
            note(name, "A text here must have 1 to \(limit) bytes and no control characters.")
            return nil
        }
        return text
    }

    mutating func bool(_ name: String) -> Bool? {
        guard let value = value(name) else { return nil }
        guard case .bool(let bool) = value else { return wrong(name, "true or false", value) }
        return bool
    }

    mutating func integer<Number: FixedWidthInteger>(_ name: String, _ type: Number.Type) -> Number? {
        guard let value = value(name) else { return nil }
        guard case .number(let text) = value, let number = Number(text) else {
            return wrong(name, "a whole number from \(Number.min) to \(Number.max)", value)
        }
        return number
    }

    mutating func uuid(_ name: String) -> UUID? {
        guard let value = value(name) else { return nil }
        guard case .string(let text) = value, let id = UUID(uuidString: text) else {
            return wrong(name, "a UUID in a string", value)
        }
        return id
    }

    /// The elements of a list, with their places.
    mutating func list(_ name: String) -> [(path: String, tree: JSONValue)] {
        guard let value = value(name) else { return [] }
        guard case .array(let elements) = value else {
            _ = wrong(name, "an array", value) as Never?
            return []
        }
        return elements.enumerated().map { ("\(place)/\(name)/\($0.offset)", $0.element) }
    }

    /// Records a problem if a field is missing.
    mutating func require(_ name: String) {
        if value(name) == nil { note(name, "This field is required.") }
    }

    private mutating func wrong<Value>(_ name: String, _ expected: String, _ value: JSONValue) -> Value? {
        note(name, "This must be \(expected), not \(value.kind.rawValue).")
        return nil
    }
}
