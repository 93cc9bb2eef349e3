package import JSON

/// Reads the fields of one JSON object by name: of a request, of a rule set's document, of stored settings.
///
/// A missing field is nil; any other fault is recorded as a ``FieldProblem`` with its place, so that a client reads all
/// of them at once. An unknown name is a problem, and so is a name that is given twice. Costs the members of the object
/// once; values are looked at when they are asked for.
package struct ObjectReader {
    /// Who wrote the object, which decides about names and null.
    package enum Origin {
        /// Settings and documents: names as documented, and null counts as missing.
        case document
        /// A request: names in snake case too, and null is a value that most fields do not take.
        case request
    }

    /// The place of the object, as a JSON pointer.
    package let place: String
    /// The problems so far: the first ones, and a line that counts the others.
    package var problems: [FieldProblem] { found.list }
    /// The longest name that is looked up, in bytes: comparing a long run of combining characters takes quadratic time.
    private static let longestName = 100
    private var found = FieldProblems()
    private var values: [String: JSONValue] = [:]
    private let origin: Origin

    /// A reader of an object; anything but an object is recorded as a problem.
    ///
    /// - Parameters:
    ///   - value: the object.
    ///   - place: its place, as a JSON pointer.
    ///   - names: the valid names, as in the documentation.
    ///   - origin: who wrote it.
    package init(_ value: JSONValue, at place: String = "", names: [String], from origin: Origin = .document) {
        self.place = place
        self.origin = origin
        guard case .object(let members) = value else {
            let kind = "an object, not \(value.kind.rawValue)"
            let message = place.isEmpty && origin == .request ? "The body must be \(kind)." : "This must be \(kind)."
            found.append(FieldProblem(field: place, message: message))
            return
        }
        let known = Self.spellings(of: names, origin)
        for member in members {
            guard member.key.utf8.count <= Self.longestName, let name = known[member.key] else {
                found.note(
                    "\(place)/\(JSONPointer.part(member.key))",
                    "This field does not exist.",
                    Self.remedy(for: member.key, names)
                )
                continue
            }
            if values.updateValue(member.value, forKey: name) != nil {
                note(name, "This field is given twice.", "Send it once.")
            }
        }
    }

    private static func remedy(for name: String, _ names: [String]) -> String {
        KnownNames.closest(to: name, among: names).map { "Did you mean \($0)?" }
            ?? "Valid fields: \(names.joined(separator: ", "))."
    }

    /// The valid spellings, with the documented name of each.
    private static func spellings(of names: [String], _ origin: Origin) -> [String: String] {
        let pairs =
            switch origin {
            case .document: names.map { ($0, $0) }
            case .request: names.flatMap { [($0, $0), (snakeCase($0), $0), (camelCase($0), $0)] }
            }
        return Dictionary(pairs) { first, _ in first }
    }

    // MARK: - Presence

    /// Whether a field is present, even if null.
    package func has(_ name: String) -> Bool { values[name] != nil }

    /// Whether a field is null.
    package func isNull(_ name: String) -> Bool { values[name] == .null }

    /// The value of a field as it is, null included; nil if it is missing.
    package func json(_ name: String) -> JSONValue? { values[name] }

    /// The value of a field; nil if it is missing or null.
    package func value(_ name: String) -> JSONValue? {
        guard let value = values[name], value != .null else { return nil }
        return value
    }

    /// Records a problem if a field is missing or null.
    package mutating func require(_ name: String, _ remedy: String? = nil) {
        if value(name) == nil { note(name, "This field is required.", remedy) }
    }

    // MARK: - Problems

    /// Records a problem of a field; the name is escaped for the pointer.
    package mutating func note(_ name: String, _ message: String, _ remedy: String? = nil) {
        found.note("\(place)/\(JSONPointer.part(name))", message, remedy)
    }

    /// Records problems whose places are complete.
    package mutating func add(_ more: [FieldProblem]) {
        for problem in more { found.append(problem) }
    }

    /// Records that a value is of the wrong kind.
    mutating func wrong<Result>(_ name: String, _ expected: String, _ value: JSONValue) -> Result? {
        note(name, "This must be \(expected), not \(value.kind.rawValue).")
        return nil
    }

    /// The value of a field that takes no null; nil if it is missing, or null in a document.
    func refusingNull(_ name: String) -> JSONValue? { origin == .document ? value(name) : values[name] }

    // MARK: - Objects inside

    /// An object inside this one; nil if it is missing or null.
    package mutating func object<Result>(
        _ name: String,
        names: [String],
        _ read: (inout ObjectReader) -> Result
    ) -> Result? {
        guard let value = value(name) else { return nil }
        guard case .object = value else { return wrong(name, "an object", value) }
        return object(value, at: "\(place)/\(name)", names: names, read)
    }

    /// Each object of a list.
    package mutating func eachObject(
        _ name: String,
        names: [String],
        atMost: Int,
        _ read: (inout ObjectReader) -> Void
    ) {
        for (path, value) in list(name, atMost: atMost) { _ = object(value, at: path, names: names, read) }
    }

    private mutating func object<Result>(
        _ value: JSONValue,
        at path: String,
        names: [String],
        _ read: (inout ObjectReader) -> Result
    ) -> Result? {
        var inner = ObjectReader(value, at: path, names: names, from: origin)
        var result: Result?
        if case .object = value { result = read(&inner) }
        found.add(inner.found)
        return result
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
