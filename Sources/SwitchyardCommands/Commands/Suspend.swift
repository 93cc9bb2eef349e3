import ArgumentParser
import LeadRouting
import LeadStore
import RoutingRules
import SwitchyardServer

/// Suspends a workspace.
struct Suspend: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Suspend a workspace: its keys are refused, its leads wait, and it receives none.",
        discussion: "Only `switchyard lift`, or an administrator's key, ends it. `switchyard doctor` lists suspensions."
    )

    @Option(help: "The workspace, by id or name.")
    var workspace: String

    @Option(help: "The reason; the workspace's keys are answered with it.")
    var reason: String

    func run() async throws {
        try await withUseCases { useCases, _ in
            let record = try await useCases.workspaces.find(named: workspace, as: .commandLine).workspace
            let result = try await useCases.workspaces.suspend(record.id, reason: reason, as: .commandLine)
            terminal.output("“\(record.name)” \(result.wasChanged ? "is suspended" : "was suspended already").")
            if !result.isSettled {
                terminal.error(
                    "A transaction that began before is still open; until it ends, leads in flight may be stored."
                )
            }
        }
    }
}

/// Lifts the suspension of a workspace.
struct Lift: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lift the suspension of a workspace; its waiting leads are routed, oldest due first."
    )

    @Option(help: "The workspace, by id or name.")
    var workspace: String

    func run() async throws {
        try await withUseCases { useCases, _ in
            let record = try await useCases.workspaces.find(named: workspace, as: .commandLine).workspace
            let result = try await useCases.workspaces.lift(record.id, as: .commandLine)
            terminal.output(
                "The suspension of “\(record.name)” \(result.wasChanged ? "is lifted" : "did not exist")."
            )
        }
    }
}
