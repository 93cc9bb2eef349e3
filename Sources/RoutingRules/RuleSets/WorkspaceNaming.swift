package import FoundationEssentials
package import JSON

/// Turns the names of workspaces that people write into a document into ids, and ids into names.
///
/// Applies to the fields `destination`, `source` and `workspaceId`, wherever they are, and to lists of them; not inside
/// of conditions, nor inside of a lead.
package struct WorkspaceNaming: Sendable {
    private let ids: [String: [UUID]]
    private let names: [UUID: String]
    private static let fields: Set<String> = ["destination", "source", "workspaceId", "destinations"]
    private static let closed: Set<String> = ["conditions", "lead"]

    /// The workspaces that there are.
    package init(_ workspaces: [Workspace]) {
        ids = Dictionary(grouping: workspaces, by: { $0.name.lowercased() }).mapValues { $0.map(\.id) }
        names = Dictionary(workspaces.map { ($0.id, $0.name) }) { first, _ in first }
    }

    /// The name of a workspace, if it is the only one that has it.
    package func name(of id: UUID) -> String? {
        guard let name = names[id], ids[name.lowercased()]?.count == 1, UUID(uuidString: name) == nil else {
            return nil
        }
        return name
    }

    /// A document with every workspace by id.
    ///
    /// - Throws: ``DocumentProblems`` naming each place whose workspace is unknown, or not the only one of that name.
    package func resolved(_ tree: JSONValue) throws -> JSONValue {
        var problems: [DocumentProblem] = []
        let result = mapped(tree, isWorkspace: false, path: "") { text, path in
            if UUID(uuidString: text) != nil { return text }
            let found = ids[text.lowercased()] ?? []
            if found.count == 1 { return found[0].text }
            problems.append(
                found.isEmpty
                    ? DocumentProblem(
                        path: path,
                        "There is no workspace “\(text)”.",
                        remedy: "Use an existing workspace."
                    )
                    : DocumentProblem(
                        path: path,
                        "\(found.count) workspaces are called “\(text)”.",
                        remedy: "Name it by its id."
                    )
            )
            return text
        }
        guard problems.isEmpty else { throw DocumentProblems(problems) }
        return result
    }

    /// A document with workspaces by name, where that is unmistakable.
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
