import JSON

/// Schemas of the OpenAPI document as HTML.
enum SchemaHTML {
    /// The type of a value in a few words, with links to named schemas.
    static func type(_ schema: JSONValue) -> String {
        if let reference = schema["$ref"]?.string, let name = reference.split(separator: "/").last {
            return "<a href=\"#schema-\(Page.escaped(name))\">\(Page.escaped(name))</a>"
        }
        if let parts = schema["oneOf"]?.array ?? schema["anyOf"]?.array {
            return parts.map(type).joined(separator: " or ")
        }
        if let parts = schema["allOf"]?.array { return parts.map(type).joined(separator: " and ") }
        var words: String
        switch schema["type"] {
        case .string("array")?: words = "array of " + type(schema["items"] ?? .null)
        case .string(let name)?: words = Page.escaped(name)
        case .array(let names)?: words = names.compactMap { $0.string.map(Page.escaped) }.joined(separator: " or ")
        default: words = schema["properties"] == nil ? "any value" : "object"
        }
        if let values = schema["enum"]?.array {
            words += ": " + values.map { "<code>\(Page.escaped($0.string ?? $0.json))</code>" }.joined(separator: ", ")
        }
        let bounds = bounds(of: schema)
        return bounds.isEmpty ? words : words + " <span class=\"quiet\">(\(bounds.joined(separator: ", ")))</span>"
    }

    private static func bounds(of schema: JSONValue) -> [String] {
        let names = [
            ("minimum", "from "), ("maximum", "to "), ("minLength", "at least "), ("maxLength", "up to "),
            ("minItems", "at least "), ("maxItems", "up to "),
        ]
        var words = names.compactMap { name, word -> String? in
            guard let value = schema[name]?.json else { return nil }
            let unit = name.hasSuffix("Length") ? " characters" : name.hasSuffix("Items") ? " elements" : ""
            return word + Page.escaped(value) + unit
        }
        if let format = schema["format"]?.string { words.insert(Page.escaped(format), at: 0) }
        if let value = schema["default"] { words.append("default <code>\(Page.escaped(value.json))</code>") }
        return words
    }

    /// The description and the properties of a schema; with its type, if it is a named one.
    static func definition(_ schema: JSONValue, isNamed: Bool = true) -> String {
        var result = ProseHTML.blocks(schema["description"]?.string ?? "")
        if isNamed, schema["properties"] == nil { result += "<p>\(type(schema))</p>\n" }
        // A schema of parts shows the properties that it adds.
        for part in (schema["allOf"]?.array ?? []) + [schema] { result += properties(of: part) }
        return result
    }

    private static func properties(of schema: JSONValue) -> String {
        guard let members = schema["properties"]?.members, !members.isEmpty else { return "" }
        let required = Set(schema["required"]?.array?.compactMap(\.string) ?? [])
        let rows = members.map { member in
            """
            <tr><td><code>\(Page.escaped(member.key))</code>\(required.contains(member.key) ? "" : " <span class=\"quiet\">optional</span>")</td>\
            <td>\(type(member.value))</td><td>\(ProseHTML.inline(member.value["description"]?.string ?? ""))\
            \(nested(member.value))</td></tr>
            """
        }
        return """
            <table><thead><tr><th scope="col">Field</th><th scope="col">Type</th><th scope="col">Meaning</th></tr></thead><tbody>
            \(rows.joined(separator: "\n"))
            </tbody></table>

            """
    }

    /// The properties of an object, or of an array's objects, within a property.
    private static func nested(_ schema: JSONValue) -> String {
        properties(of: schema["items"] ?? schema)
    }
}
