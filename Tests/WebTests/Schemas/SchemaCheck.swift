import JSON

@testable import Web

/// Checks values against the schemas of the OpenAPI document: the keywords that the document uses, and no others.
struct SchemaCheck {
    /// What does not fit, each with its place in the value.
    private(set) var problems: [String] = []

    /// The problems of a value.
    static func problems(of value: JSONValue, with schema: JSONValue) -> [String] {
        var check = SchemaCheck()
        check.check(value, schema, "")
        return check.problems
    }

    private static let known: Set<String> = [
        "$ref", "type", "description", "properties", "required", "items", "additionalProperties", "format", "maxLength",
        "minLength", "enum", "default", "minimum", "maximum", "examples", "example", "oneOf", "allOf", "minItems",
        "maxItems",
        "const", "pattern", "title", "deprecated",
    ]

    private mutating func check(_ value: JSONValue, _ schema: JSONValue, _ place: String) {
        guard let members = schema.members else { return }
        for member in members where !Self.known.contains(member.key) {
            problems.append("\(place): the document's keyword “\(member.key)” is not checked")
        }
        if schema["$ref"] != nil {
            check(value, APIDocument.resolved(schema), place)
        }
        for part in schema["allOf"]?.array ?? [] { check(value, part, place) }
        if let parts = schema["oneOf"]?.array {
            let fitting = parts.filter { Self.problems(of: value, with: $0).isEmpty }
            if fitting.count != 1 { problems.append("\(place): fits \(fitting.count) of the schemas of oneOf") }
        }
        checkKind(value, schema, place)
        switch value {
        case .object(let members): checkMembers(members, schema, place)
        case .array(let elements):
            if let least = schema["minItems"]?.integer, elements.count < least { problems.append("\(place): too few") }
            if let most = schema["maxItems"]?.integer, elements.count > most { problems.append("\(place): too many") }
            for (index, element) in elements.enumerated() {
                check(element, schema["items"] ?? .null, "\(place)/\(index)")
            }
        case .string(let text): checkText(text, schema, place)
        case .number(let text):
            let number = Double(text) ?? .nan
            if let least = schema["minimum"]?.double, number < least {
                problems.append("\(place): \(text) is too small")
            }
            if let most = schema["maximum"]?.double, number > most { problems.append("\(place): \(text) is too large") }
        case .null, .bool: break
        }
    }

    private mutating func checkKind(_ value: JSONValue, _ schema: JSONValue, _ place: String) {
        if let constant = schema["const"], constant != value { problems.append("\(place): is not \(constant.json)") }
        if let values = schema["enum"]?.array, !values.contains(value) {
            problems.append("\(place): \(value.json) is none of the enum")
        }
        let types = schema["type"].map { $0.array ?? [$0] } ?? []
        let isFitting = types.contains { type in
            switch (type.string, value) {
            case ("null", .null), ("boolean", .bool), ("number", .number), ("string", .string), ("array", .array),
                ("object", .object):
                true
            case ("integer", .number): value.integer != nil
            default: false
            }
        }
        if !types.isEmpty, !isFitting { problems.append("\(place): \(value.kind.rawValue) does not fit the type") }
    }

    private mutating func checkMembers(_ members: [JSONValue.Member], _ schema: JSONValue, _ place: String) {
        let names = Set(members.map(\.key))
        for name in schema["required"]?.array?.compactMap(\.string) ?? [] where !names.contains(name) {
            problems.append("\(place): has no \(name)")
        }
        for member in members {
            if let property = schema["properties"]?[member.key] {
                check(member.value, property, "\(place)/\(member.key)")
            } else if schema["additionalProperties"] == .bool(false) {
                problems.append("\(place): \(member.key) is not in the schema")
            } else if let other = schema["additionalProperties"], other.members != nil {
                check(member.value, other, "\(place)/\(member.key)")
            }
        }
    }

    private mutating func checkText(_ text: String, _ schema: JSONValue, _ place: String) {
        let length = Int64(text.unicodeScalars.count)
        if let least = schema["minLength"]?.integer, length < least { problems.append("\(place): is too short") }
        if let most = schema["maxLength"]?.integer, length > most { problems.append("\(place): is too long") }
        if let pattern = schema["pattern"]?.string, (try? Regex(pattern).firstMatch(in: text)) == nil {
            problems.append("\(place): does not match \(pattern)")
        }
        let isFitting =
            switch schema["format"]?.string {
            case "uuid": text.wholeMatch(of: /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/) != nil
            case "date-time": text.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/) != nil
            case "date": text.wholeMatch(of: /\d{4}-\d\d-\d\d/) != nil
            default: true
            }
        if !isFitting { problems.append("\(place): “\(text)” is no \(schema["format"]?.string ?? "")") }
    }
}
