import FoundationEssentials
import LeadStore
import RoutingRules
import SwitchyardServer

extension WorkspaceStore {
    /// The names of all workspaces, for tables that people read.
    func workspaceNames() async throws -> [UUID: String] {
        var names: [UUID: String] = [:]
        for record in try await workspaces(as: .administrator) { names[record.workspace.id] = record.workspace.name }
        return names
    }

    /// The workspace that a person means by an id or a name, without regard to case.
    ///
    /// - Throws: `CommandError` when there is none, or more than one of that name.
    func workspace(named text: String) async throws -> WorkspaceRecord {
        let all = try await workspaces(as: .administrator)
        let id = UUID(uuidString: text)
        let found = all.filter { $0.workspace.id == id || $0.workspace.name.lowercased() == text.lowercased() }
        guard let only = found.first else {
            throw CommandError(
                "There is no workspace “\(text)”.",
                remedy: all.isEmpty
                    ? "There are no workspaces yet: create them with `switchyard demo` or POST /api/workspaces."
                    : "There are: \(all.prefix(20).map(\.workspace.name).joined(separator: ", "))."
            )
        }
        guard found.count == 1 else {
            throw CommandError("\(found.count) workspaces are called “\(text)”.", remedy: "Name it by its id.")
        }
        return only
    }
}
