import ArgumentParser
import FoundationEssentials
import LeadRouting
import LeadStore
import RoutingRules
import SwitchyardServer

/// The owner of the rules of a command.
struct RulesOwner: ParsableArguments {
    @Option(name: .customLong("workspace"), help: "The owner of the rules: a workspace by id or name, or platform.")
    var text: String?

    /// The owner's id, nil for the platform, and its name.
    ///
    /// - Parameters:
    ///   - workspaces: finds workspaces.
    ///   - written: the owner that a file names, if the command line names none.
    /// - Returns: id and name.
    /// - Throws: `CommandError` if no owner is named; `RequestError` if the workspace does not exist.
    func resolve(
        in workspaces: WorkspaceRequests,
        orElse written: String? = nil
    ) async throws -> (id: UUID?, name: String) {
        guard let text = text ?? written else {
            throw CommandError("No owner given.", remedy: "Give --workspace and a name or id, or --workspace platform.")
        }
        if text == "platform" { return (nil, "platform") }
        let workspace = try await workspaces.find(named: text, as: .commandLine).workspace
        return (workspace.id, workspace.name)
    }
}

extension WorkspaceRequests {
    /// The names of workspaces, for documents.
    func naming() async throws -> WorkspaceNaming {
        WorkspaceNaming(try await list(as: .commandLine).map(\.workspace))
    }
}
