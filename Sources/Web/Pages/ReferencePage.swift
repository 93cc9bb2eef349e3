import JSON

/// The reference of the API at `/docs`: made from the OpenAPI document at the first request.
enum ReferencePage {
    /// The page.
    static let page = Page(title: "Switchyard API", body: body)

    private static let methods = ["get", "post", "put", "patch", "delete"]

    /// An operation with its place in the document.
    struct Operation {
        let method: String
        let path: String
        let value: JSONValue
        /// The parameters of the path.
        let shared: [JSONValue]

        /// Its id, which is its anchor in the page.
        var id: String { value["operationId"]?.string ?? method + path }
    }

    /// The operations in the order of the document.
    static let operations: [Operation] = APIDocument.members("paths")
        .flatMap { path in
            let shared = path.value["parameters"]?.array ?? []
            return (path.value.members ?? []).filter { methods.contains($0.key) }
                .map { Operation(method: $0.key.uppercased(), path: path.key, value: $0.value, shared: shared) }
        }

    private static var body: String {
        let info = APIDocument.tree["info"] ?? .null
        let tags = APIDocument.tree["tags"]?.array ?? []
        let contents = tags.map { tag in
            let name = tag["name"]?.string ?? ""
            let links = operations(tagged: name)
                .map { operation in
                    """
                    <li><a href="#\(Page.escaped(operation.id))"><code>\(operation.method) \(Page.escaped(operation.path))</code></a> \
                    \(ProseHTML.inline(operation.value["summary"]?.string ?? ""))</li>
                    """
                }
            return
                "<details><summary>\(Page.escaped(name))</summary><ul>\(links.joined(separator: "\n"))</ul></details>"
        }
        let sections = tags.map { tag in
            let name = tag["name"]?.string ?? ""
            return """
                <section>
                <h2 id="tag-\(Page.escaped(name))">\(Page.escaped(name.prefix(1).uppercased() + name.dropFirst()))</h2>
                \(ProseHTML.blocks(tag["description"]?.string ?? ""))
                \(operations(tagged: name).map(html).joined(separator: "\n"))
                </section>
                """
        }
        let schemas = APIDocument.members("components", "schemas")
            .map { schema in
                """
                <h3 id="schema-\(Page.escaped(schema.key))">\(Page.escaped(schema.key))</h3>
                \(SchemaHTML.definition(schema.value))
                """
            }
        return """
            <h1>\(Page.escaped(info["title"]?.string ?? "")) API</h1>
            <p class="quiet">Version \(Page.escaped(info["version"]?.string ?? "")), as
            <a href="/openapi.yaml">OpenAPI 3.1 in YAML</a> and <a href="/openapi.json">JSON</a>.
            <a href="/problems">Problems</a></p>
            \(ProseHTML.blocks(info["description"]?.string ?? ""))
            <nav aria-label="Operations">
            \(contents.joined(separator: "\n"))
            <p><a href="#schemas">Schemas</a></p>
            </nav>
            \(sections.joined(separator: "\n"))
            <section>
            <h2 id="schemas">Schemas</h2>
            \(schemas.joined(separator: "\n"))
            </section>
            """
    }

    private static func operations(tagged tag: String) -> [Operation] {
        operations.filter { $0.value["tags"]?.array?.first?.string == tag }
    }
}
