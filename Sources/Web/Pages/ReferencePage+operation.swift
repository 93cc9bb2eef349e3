import JSON

extension ReferencePage {
    /// The part of the page about an operation.
    static func html(_ operation: Operation) -> String {
        let id = Page.escaped(operation.id)
        let parameters = (operation.shared + (operation.value["parameters"]?.array ?? [])).map(APIDocument.resolved)
        return """
            <h3 id="\(id)"><a href="#\(id)"><span class="method">\(operation.method)</span> <code>\(Page.escaped(operation.path))</code></a></h3>
            <p><strong>\(ProseHTML.inline(operation.value["summary"]?.string ?? ""))</strong></p>
            \(ProseHTML.blocks(operation.value["description"]?.string ?? ""))
            \(Self.parameters(parameters))
            \(operation.value["requestBody"].map { "<h4>Body</h4>\n" + content(APIDocument.resolved($0)) } ?? "")
            \(answers(operation.value["responses"]?.members ?? []))
            """
    }

    private static func parameters(_ parameters: [JSONValue]) -> String {
        guard !parameters.isEmpty else { return "" }
        let rows = parameters.map { parameter in
            """
            <tr><td><code>\(Page.escaped(parameter["name"]?.string ?? ""))</code></td>\
            <td>\(Page.escaped(parameter["in"]?.string ?? ""))\(parameter["required"]?.bool == true ? ", required" : "")</td>\
            <td>\(SchemaHTML.type(parameter["schema"] ?? .null))</td>\
            <td>\(ProseHTML.inline(parameter["description"]?.string ?? ""))</td></tr>
            """
        }
        return """
            <h4>Parameters</h4>
            <table><thead><tr><th scope="col">Name</th><th scope="col">In</th><th scope="col">Type</th>\
            <th scope="col">Meaning</th></tr></thead><tbody>
            \(rows.joined(separator: "\n"))
            </tbody></table>
            """
    }

    /// The answers: those of success in full, errors as a list.
    private static func answers(_ responses: [JSONValue.Member]) -> String {
        var full: [String] = []
        var errors: [String] = []
        for (status, value) in responses.map({ ($0.key, APIDocument.resolved($0.value)) }) {
            let description = ProseHTML.inline(value["description"]?.string ?? "")
            let isProblem = value["content"]?["application/problem+json"] != nil
            if isProblem {
                errors.append("<li><code>\(Page.escaped(status))</code> \(description)</li>")
            } else {
                full.append(
                    "<h4>Answer <code>\(Page.escaped(status))</code></h4>\n<p>\(description)</p>\n\(content(value))"
                )
            }
        }
        let list = errors.isEmpty ? "" : "<h4>Errors</h4>\n<ul>\(errors.joined(separator: "\n"))</ul>"
        return full.joined(separator: "\n") + "\n" + list
    }

    /// The media types of a body, each with its schema and its examples.
    private static func content(_ body: JSONValue) -> String {
        (body["content"]?.members ?? [])
            .map { type in
                let schema = type.value["schema"] ?? .null
                let examples = APIExamples.of(type.value)
                    .map { "<pre><code>\(Page.escaped(ExampleText.text($0)))</code></pre>" }
                return """
                    <p><code>\(Page.escaped(type.key))</code>: \(SchemaHTML.type(schema))</p>
                    \(schema["$ref"] == nil ? SchemaHTML.definition(schema, isNamed: false) : "")
                    \(examples.joined(separator: "\n"))
                    """
            }
            .joined(separator: "\n")
    }
}

/// The examples of a body.
enum APIExamples {
    /// Those of the media type itself, else those of its schema.
    static func of(_ type: JSONValue) -> [JSONValue] {
        if let example = type["example"] { return [example] }
        if let examples = type["examples"]?.members { return examples.compactMap { $0.value["value"] } }
        return APIDocument.resolved(type["schema"] ?? .null)["examples"]?.array ?? []
    }
}
