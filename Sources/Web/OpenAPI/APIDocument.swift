import JSON
import YAML

/// The OpenAPI document, read once.
enum APIDocument {
    /// The document as a tree; `null` if it cannot be read, which a test excludes.
    static let tree: JSONValue = (try? YAMLNode(Embedded.openapi))?.json ?? .null

    /// The document as JSON.
    static let json = tree.json

    /// The members of an object at a path of keys, in the order of the document.
    static func members(_ path: String...) -> [JSONValue.Member] {
        var value = tree
        for key in path { value = value[key] ?? .null }
        return value.members ?? []
    }

    /// The value that a `$ref` of the document leads to, or the value itself.
    static func resolved(_ value: JSONValue) -> JSONValue {
        guard let reference = value["$ref"]?.string, reference.hasPrefix("#/") else { return value }
        var target = tree
        for key in reference.dropFirst(2).split(separator: "/") { target = target[String(key)] ?? .null }
        return target
    }
}
