package import FoundationEssentials
package import JSON

/// Converts the workspace names of a document to ids, and ids to names.
///
/// Applies to the fields `destination`, `source` and `workspaceId` anywhere, and to lists of them, but not inside
/// conditions or leads.
package struct WorkspaceNaming: Sendable {
    private let ids: [String: [UUID]]
    private let names: [UUID: String]
    private static let fields: Set<String> = ["destination", "source", "workspaceId", "destinations"]
    private static let closed: Set<String> = ["conditions", "lead"]

    /// The existing workspaces.
    package init(_ workspaces: [Workspace]) {
        ids = Dictionary(grouping: workspaces, by: { $0.name.lowercased() }).mapValues { $0.map(\.id) }
        names = Dictionary(workspaces.map { ($0.id, $0.name) }) { first, _ in first }
    }

    /// The name of a workspace, if it is unique.
    package func name(of id: UUID) -> String? {
        guard let name = names[id], ids[name.lowercased()]?.count == 1, UUID(uuidString: name) == nil else {
            return nil
        }
        return name
    }

    /// A document with every workspace by id.
    ///
    /// - Throws: ``InvalidDocument`` with each unknown or ambiguous name.
    package func resolved(_ tree: JSONValue) throws -> JSONValue {
        var problems: [FieldProblem] = []
        let result = mapped(tree, isWorkspace: false, path: "") { text, path in
            if UUID(uuidString: text) != nil { return text }
            let found = ids[text.lowercased()] ?? []
            if found.count == 1 { return found[0].text }
            problems.append(
                found.isEmpty
                    ? FieldProblem(
                        field: path,
                        message: "The workspace “\(text)” does not exist.",
                        remedy: "Use an existing workspace."
                    )
                    : FieldProblem(
                        field: path,
                        message: "\(found.count) workspaces are called “\(text)”.",
                        remedy: "Name it by its id."
                    )
            )
            return text
        }
        guard problems.isEmpty else { throw InvalidDocument(problems) }
        return result
    }

    /// A document with workspaces by name, where the name is unique.
    package func named(_ tree: JSONValue) -> JSONValue {
        mapped(tree, isWorkspace: false, path: "") { text, _ in UUID(uuidString: text).flatMap(name) ?? text }
    }

    private func mapped(
        _ tree: JSONValue,
        isWorkspace: Bool,
        path: String,
        _ change: (String, String) -> String
    ) -> JSONValue {
        switch tree {
        case .string(let text): isWorkspace ? .string(change(text, path)) : tree
        case .array(let elements):
            .array(
                elements.enumerated()
                    .map { mapped($1, isWorkspace: isWorkspace, path: "\(path)/\($0)", change) }
            )
        case .object(let members):
            .object(
                members.map { member in
                    guard !Self.closed.contains(member.key) else { return member }
                    return .init(
                        member.key,
                        mapped(
                            member.value,
                            isWorkspace: Self.fields.contains(member.key),
                            path: "\(path)/\(member.key)",
                            change
                        )
                    )
                }
            )
        default: tree
        }
    }
}
