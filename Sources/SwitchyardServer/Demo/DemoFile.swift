import FoundationEssentials
import JSON
import RoutingRules

/// A JSON file of workspaces, agreements and rules, in the API's form, such as `Examples/workspaces.json`.
package struct DemoFile {
    struct Workspace {
        var id: UUID
        var name: String
        var type: String?
        var isActive: Bool?
        var unmatchedPolicy: String?
        var fallbackWorkspaceId: UUID?
        var capacity: JSONValue?
    }

    struct Agreement {
        var receivingWorkspaceId: UUID
        var sendingWorkspaceId: UUID
    }

    struct Rule {
        var id: UUID
        var workspaceId: UUID?
        var name: String
        var priority: Int32?
        var isActive: Bool?
        var destinationWorkspaceId: UUID
        var conditions: RuleConditions?
        var distribution: JSONValue?
    }

    var workspaces: [Workspace]
    var agreements: [Agreement]
    var rules: [Rule]

    /// The built-in demo: `Examples/workspaces.json`.
    package static func builtIn() throws -> DemoFile { try DemoFile(json: Embedded.workspaces) }

    /// Parses a file's text.
    ///
    /// - Throws: `CommandError` with the place of the first problem.
    package init(json: String) throws {
        guard let file = JSONValue(json: json), case .object = file else {
            throw CommandError(
                "This is not a workspace file: it must be a JSON object with workspaces, agreements and rules."
            )
        }
        let root = DemoEntry(value: file, place: "")
        workspaces = try root.entries("workspaces")
            .map { entry in
                Workspace(
                    id: try entry.required("id", DemoEntry.uuid),
                    name: try entry.required("name", \.string),
                    type: try entry.optional("type", \.string),
                    isActive: try entry.optional("isActive", \.bool),
                    unmatchedPolicy: try entry.optional("unmatchedPolicy", \.string),
                    fallbackWorkspaceId: try entry.optional("fallbackWorkspaceId", DemoEntry.uuid),
                    capacity: try entry.optional("capacity", \.self)
                )
            }
        agreements = try root.entries("agreements")
            .map { entry in
                Agreement(
                    receivingWorkspaceId: try entry.required("receivingWorkspaceId", DemoEntry.uuid),
                    sendingWorkspaceId: try entry.required("sendingWorkspaceId", DemoEntry.uuid)
                )
            }
        rules = try root.entries("rules")
            .map { entry in
                Rule(
                    id: try entry.required("id", DemoEntry.uuid),
                    workspaceId: try entry.optional("workspaceId", DemoEntry.uuid),
                    name: try entry.required("name", \.string),
                    priority: try entry.optional("priority") { $0.integer.flatMap { Int32(exactly: $0) } },
                    isActive: try entry.optional("isActive", \.bool),
                    destinationWorkspaceId: try entry.required("destinationWorkspaceId", DemoEntry.uuid),
                    conditions: try entry.optional("conditions") { RuleConditions($0) },
                    distribution: try entry.optional("distribution", \.self)
                )
            }
    }
}

/// An object of a workspace file, with its place as a JSON pointer.
private struct DemoEntry {
    let value: JSONValue
    let place: String

    static func uuid(_ value: JSONValue) -> UUID? { value.string.flatMap { UUID(uuidString: $0) } }

    /// The elements of a required list.
    func entries(_ name: String) throws -> [DemoEntry] {
        try required(name, \.array).enumerated()
            .map { DemoEntry(value: $0.element, place: "\(place)/\(name)/\($0.offset)") }
    }

    func required<Value>(_ name: String, _ read: (JSONValue) -> Value?) throws -> Value {
        guard let value = try optional(name, read) else {
            throw CommandError("“\(name)” is missing at \(place.isEmpty ? "/" : place).")
        }
        return value
    }

    /// The value of a member; nil if it is missing or null.
    func optional<Value>(_ name: String, _ read: (JSONValue) -> Value?) throws -> Value? {
        guard let value = value[name], value != .null else { return nil }
        guard let result = read(value) else {
            throw CommandError("The value at \(place)/\(name) has the wrong type: \(value.kind.rawValue).")
        }
        return result
    }
}

extension DemoFile.Workspace {
    /// The policy.
    func policy() throws -> UnmatchedPolicy {
        switch unmatchedPolicy ?? "keep" {
        case "keep": return .keep
        case "retry": return .retry
        case "fallback":
            guard let fallbackWorkspaceId else {
                throw CommandError("Workspace “\(name)” has the policy fallback, but no fallbackWorkspaceId.")
            }
            return .fallback(fallbackWorkspaceId)
        default:
            throw CommandError(
                "Workspace “\(name)” has an unknown unmatchedPolicy.",
                remedy: "Use keep, fallback or retry."
            )
        }
    }
}
