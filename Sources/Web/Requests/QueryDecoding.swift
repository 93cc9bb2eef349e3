import CivilTime
import FoundationEssentials
import Hummingbird
import HummingbirdCore
import JSON
import LeadRouting
import RoutingRules

/// Decodes the query of a request by parameter name; problems are recorded and thrown together.
///
/// An unknown parameter is a problem too: a silently ignored filter would show leads that the client wanted to exclude.
struct QueryDecoding {
    private var values: [String: String] = [:]
    private var asked: [String] = []
    private var problems = FieldProblems()

    /// Decodes a query.
    init(_ uri: URI) throws {
        for (key, value) in uri.queryParameters where !(key.isEmpty && value.isEmpty) {
            if values.updateValue(String(value), forKey: String(key)) != nil {
                note(JSONPointer.part(String(key)), "This parameter is given twice.", "Send it once.")
            }
        }
    }

    /// A text, trimmed; a blank one is a problem.
    mutating func text(_ name: String) -> String? {
        asked.append(name)
        guard let value = values[name] else { return nil }
        var found: [FieldProblem] = []
        if let text = TextChecks.clean(value, 400, name, &found) { return text }
        for problem in found { problems.append(problem) }
        guard found.isEmpty else { return nil }
        return wrong(name, "This parameter is empty.", "Omit it, or give it a value.")
    }

    /// An id.
    mutating func uuid(_ name: String) -> UUID? {
        guard let text = text(name) else { return nil }
        guard let id = UUID(text: text) else { return wrong(name, "This is not a UUID.") }
        return id
    }

    /// `true` or `false`.
    mutating func bool(_ name: String) -> Bool? {
        guard let text = text(name) else { return nil }
        guard let value = Bool(text) else { return wrong(name, "This is not true or false.") }
        return value
    }

    /// A switch: `?archive` and `?archive=true` set it.
    mutating func flag(_ name: String) -> Bool {
        if values[name] == "" {
            asked.append(name)
            return true
        }
        return bool(name) ?? false
    }

    /// A whole number of a range.
    mutating func int(_ name: String, in range: ClosedRange<Int>) -> Int? {
        guard let text = text(name) else { return nil }
        guard let value = Int(text), range.contains(value) else {
            return wrong(name, "This is not a whole number from \(range.lowerBound) to \(range.upperBound).")
        }
        return value
    }

    /// A time, in microseconds since 1970.
    mutating func time(_ name: String) -> Int64? {
        guard let text = text(name) else { return nil }
        guard let value = Self.time(text) else {
            return wrong(name, "This is not a time.", "Send a time such as 2026-01-31T12:00:00Z, or a date.")
        }
        return value
    }

    private static func time(_ text: String) -> Int64? {
        if let time = RFC3339.microseconds(ofInstantOrDate: text) { return time }
        // An unescaped + in front of an offset arrives as a space.
        guard let space = text.lastIndex(of: " ") else { return nil }
        return RFC3339.microseconds(of: String(text[..<space] + "+" + text[text.index(after: space)...]))
    }

    /// A status of a lead.
    mutating func status(_ name: String) -> LeadStatus? {
        guard let text = text(name) else { return nil }
        guard let status = LeadStatus(rawValue: text) else {
            return wrong(name, "This is not a status.", "Valid statuses: pending, routing, routed, failed and expired.")
        }
        return status
    }

    /// Throws the recorded problems, and those of unknown parameters.
    mutating func finish() throws {
        let asked = asked
        for name in values.keys.sorted() where !asked.contains(name) {
            note(
                JSONPointer.part(name),
                "This parameter does not exist.",
                KnownNames.closest(to: name, among: asked).map { "Did you mean \($0)?" }
                    ?? "Valid parameters: \(asked.joined(separator: ", "))."
            )
        }
        if !problems.isEmpty { throw Problem.invalid(problems) }
    }

    private mutating func wrong<Result>(_ name: String, _ message: String, _ remedy: String? = nil) -> Result? {
        note(name, message, remedy)
        return nil
    }

    mutating func note(
        _ name: @autoclosure () -> String,
        _ message: @autoclosure () -> String,
        _ remedy: @autoclosure () -> String? = nil
    ) {
        problems.note(name(), message(), remedy())
    }
}
