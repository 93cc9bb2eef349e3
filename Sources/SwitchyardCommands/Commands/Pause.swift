import ArgumentParser
import LeadRouting
import LeadStore
import RoutingRules
import SwitchyardServer

/// The target of a pause or resumption: one workspace, or all.
struct PauseOptions: ParsableArguments {
    @Option(help: "The source workspace, by id or name.")
    var workspace: String?

    @Flag(help: "All routing.")
    var all = false

    func validate() throws {
        guard (workspace != nil) != all else {
            throw ValidationError("Give --workspace and its name or id, or --all.")
        }
    }

    /// The target of the use case, and its name.
    func resolve(in workspaces: WorkspaceRequests) async throws -> (PauseTarget, name: String) {
        guard let workspace else { return (.all, "All routing") }
        let record = try await workspaces.find(named: workspace, as: .commandLine).workspace
        return (.workspace(record.id), "Routing of “\(record.name)”")
    }
}

/// Pauses routing.
struct Pause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Pause routing of one source's leads, or of all: they are stored and wait.",
        discussion: "`switchyard resume` ends it; `switchyard doctor` lists what is paused, by whom and why."
    )

    @OptionGroup var target: PauseOptions

    @Option(help: "The reason, which doctor and the API show.")
    var reason: String?

    func run() async throws {
        try await withUseCases { useCases, _ in
            let (target, name) = try await target.resolve(in: useCases.workspaces)
            let (_, isNew) = try await useCases.operations.pause(target, reason: reason, as: .commandLine)
            terminal.output("\(name) \(isNew ? "is paused" : "was paused already"). Leads are accepted, and wait.")
        }
    }
}

/// Resumes routing.
struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Resume paused routing; waiting leads are routed, oldest due first."
    )

    @OptionGroup var target: PauseOptions

    func run() async throws {
        try await withUseCases { useCases, _ in
            let (target, name) = try await target.resolve(in: useCases.workspaces)
            let (_, wasPaused) = try await useCases.operations.resume(target, as: .commandLine)
            terminal.output("\(name) \(wasPaused ? "is resumed" : "was not paused").")
        }
    }
}
