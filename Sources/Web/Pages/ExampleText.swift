import JSON

/// A JSON value over several lines, for people.
enum ExampleText {
    /// The text: a string as it is, other values indented by two spaces; what fits into a line is in one.
    static func text(_ value: JSONValue) -> String {
        if case .string(let text) = value { return text }
        return text(value, indentation: 0)
    }

    private static let width = 88

    private static func text(_ value: JSONValue, indentation: Int) -> String {
        let compact = line(value)
        guard compact.utf8.count + indentation > width else { return compact }
        let inner = String(repeating: " ", count: indentation + 2)
        let outer = String(repeating: " ", count: indentation)
        switch value {
        case .array(let elements):
            let lines = elements.map { inner + text($0, indentation: indentation + 2) }
            return "[\n" + lines.joined(separator: ",\n") + "\n\(outer)]"
        case .object(let members):
            let lines = members.map { member in
                inner + JSONValue.string(member.key).json + ": " + text(member.value, indentation: indentation + 2)
            }
            return "{\n" + lines.joined(separator: ",\n") + "\n\(outer)}"
        default: return compact
        }
    }

    private static func line(_ value: JSONValue) -> String {
        switch value {
        case .array(let elements): "[" + elements.map(line).joined(separator: ", ") + "]"
        case .object(let members):
            "{" + members.map { JSONValue.string($0.key).json + ": " + line($0.value) }.joined(separator: ", ") + "}"
        default: value.json
        }
    }
}
