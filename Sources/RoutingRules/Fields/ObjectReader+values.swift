import CivilTime
package import FoundationEssentials
package import JSON

extension ObjectReader {
    /// A text of at most `limit` characters, trimmed and not blank.
    package mutating func text(_ name: String, limit: Int = 200, isRequired: Bool = false) -> String? {
        if isRequired { require(name) }
        guard let value = refusingNull(name) else { return nil }
        guard case .string(let text) = value else { return wrong(name, "a string", value) }
        var found: [FieldProblem] = []
        let cleaned = TextChecks.clean(text, limit, "\(place)/\(name)", &found)
        if cleaned == nil, found.isEmpty { note(name, "This is blank.", "Send 1 to \(limit) characters.") }
        add(found)
        return cleaned
    }

    /// A text of any length, as it is.
    package mutating func longText(_ name: String) -> String? {
        guard let value = refusingNull(name) else { return nil }
        guard case .string(let text) = value else { return wrong(name, "a string", value) }
        return text
    }

    /// `true` or `false`.
    package mutating func bool(_ name: String) -> Bool? {
        guard let value = refusingNull(name) else { return nil }
        guard case .bool(let bool) = value else { return wrong(name, "true or false", value) }
        return bool
    }

    /// A finite number.
    package mutating func number(_ name: String) -> Double? {
        guard let value = refusingNull(name) else { return nil }
        guard let number = value.double else {
            guard value.kind == .number else { return wrong(name, "a number", value) }
            note(name, "This number is out of range.")
            return nil
        }
        return number
    }

    /// A whole number of a range, in any notation.
    package mutating func integer(_ name: String, in range: ClosedRange<Int64>, isRequired: Bool = false) -> Int64? {
        if isRequired { require(name) }
        guard let value = refusingNull(name) else { return nil }
        let expected = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        guard value.kind == .number else { return wrong(name, expected, value) }
        guard let whole = value.integer, range.contains(whole) else {
            note(name, "This must be \(expected).")
            return nil
        }
        return whole
    }

    /// A whole number of 32 bits.
    package mutating func int32(_ name: String) -> Int32? {
        integer(name, in: Int64(Int32.min)...Int64(Int32.max)).map { Int32($0) }
    }

    /// The number of a version; null counts as missing.
    package mutating func version(_ name: String) -> Int64? { isNull(name) ? nil : integer(name, in: 0...Int64.max) }

    /// A time, in microseconds since 1970; null counts as missing.
    package mutating func time(_ name: String) -> Int64? {
        guard let value = value(name) else { return nil }
        guard case .string(let text) = value else { return wrong(name, "a time in a string", value) }
        guard let time = RFC3339.microseconds(ofInstantOrDate: text) else {
            note(name, "This is not a time.", "Send one such as 2026-01-31T12:00:00Z, or a date.")
            return nil
        }
        return time
    }

    /// An id; null counts as missing.
    package mutating func uuid(_ name: String, isRequired: Bool = false) -> UUID? {
        if isRequired { require(name) }
        guard let value = value(name) else { return nil }
        guard case .string(let text) = value else { return wrong(name, "a UUID in a string", value) }
        guard let id = UUID(text: text) else {
            note(name, "This is not a UUID.", "Send an id such as 0190f7c4-9d3e-7c55-8b1e-2f6a4d1c9e07.")
            return nil
        }
        return id
    }

    /// One of the words of a type; null counts as missing.
    package mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ name: String,
        of type: Choice.Type,
        isRequired: Bool = false
    ) -> Choice? {
        if isRequired { require(name) }
        guard let value = value(name) else { return nil }
        guard case .string(let text) = value, let choice = Choice(rawValue: text) else {
            note(name, "This is not one of \(Choice.allCases.map(\.rawValue).joined(separator: ", ")).")
            return nil
        }
        return choice
    }

    /// The elements of a list with their places, unchecked; none if it is missing or null.
    package mutating func list(_ name: String, atMost: Int = .max) -> [(path: String, value: JSONValue)] {
        guard let value = value(name) else { return [] }
        guard case .array(let elements) = value else {
            _ = wrong(name, "an array", value) as Never?
            return []
        }
        guard elements.count <= atMost else {
            note(name, "This must be a list of at most \(atMost) entries.")
            return []
        }
        return elements.enumerated().map { ("\(place)/\(name)/\($0.offset)", $0.element) }
    }

    /// A list of texts; a single text counts as a list of one, null as an empty list.
    package mutating func texts(_ name: String, limit: Int = 200, count: Int = 1000) -> [String]? {
        guard let value = json(name) else { return nil }
        switch value {
        case .null: return []
        case .string: return text(name, limit: limit).map { [$0] } ?? []
        case .array(let elements):
            guard elements.count <= count else {
                note(name, "There are more than \(count) values.", "Split the rule.")
                return nil
            }
            var found: [FieldProblem] = []
            let texts = elements.enumerated()
                .compactMap { index, element in
                    Self.element(element, limit, "\(place)/\(name)/\(index)", &found)
                }
            add(found)
            return texts
        default: return wrong(name, "a list of strings", value)
        }
    }

    private static func element(
        _ element: JSONValue,
        _ limit: Int,
        _ place: String,
        _ found: inout [FieldProblem]
    ) -> String? {
        guard case .string(let text) = element else {
            found.append(FieldProblem(field: place, message: "This must be a string, not \(element.kind.rawValue)."))
            return nil
        }
        let before = found.count
        let cleaned = TextChecks.clean(text, limit, place, &found)
        if cleaned == nil, found.count == before {
            found.append(FieldProblem(field: place, message: "This is blank.", remedy: "Omit it."))
        }
        return cleaned
    }
}
