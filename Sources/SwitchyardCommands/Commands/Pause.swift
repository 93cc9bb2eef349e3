import ArgumentParser
import FoundationEssentials
import LeadStore
import RoutingRules
import SwitchyardServer

/// Whose routing a command is about: one workspace's, or all of it.
struct PauseTarget: ParsableArguments {
    @Option(help: "The source workspace, by id or name.")
    var workspace: String?

    @Flag(help: "Routing as a whole.")
    var all = false

    func validate() throws {
        guard (workspace != nil) != all else {
            throw ValidationError("Say whose routing: --workspace and its name or id, or --all.")
        }
    }

    /// The workspace's id, nil for all, and what to call it.
    func resolve(in stores: Stores) async throws -> (id: UUID?, name: String) {
        guard let workspace else { return (nil, "Routing as a whole") }
        let record = try await stores.workspaces.workspace(named: workspace).workspace
        return (record.id, "Routing of “\(record.name)”")
    }
}

/// Has leads wait undecided.
struct Pause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Pause routing of one source's leads, or of all: they are taken in, and wait.",
        discussion: "`switchyard resume` ends it; `switchyard doctor` lists what is paused, by whom and why."
    )

    @OptionGroup var target: PauseTarget

    @Option(help: "Why, for whoever finds it paused.")
    var reason: String?

    func run() async throws {
        try await DatabaseSession.with { session in
            let (id, name) = try await target.resolve(in: session.stores)
            let isNew = try await session.stores.pauses.pauseRouting(of: id, reason: reason, actor: "command line")
            Standard.output("\(name) \(isNew ? "is paused" : "was paused already"). Leads are taken in, and wait.")
        }
    }
}

/// Ends a pause.
struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Resume routing that was paused; what waits is routed, oldest due first."
    )

    @OptionGroup var target: PauseTarget

    func run() async throws {
        try await DatabaseSession.with { session in
            let (id, name) = try await target.resolve(in: session.stores)
            let wasPaused = try await session.stores.pauses.resumeRouting(of: id, actor: "command line")
            Standard.output("\(name) \(wasPaused ? "goes on" : "was not paused").")
        }
    }
}
