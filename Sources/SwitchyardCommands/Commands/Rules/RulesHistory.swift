import ArgumentParser
import LeadRouting
import LeadStore
import Postgres
import RoutingRules
import SwitchyardServer

/// Publishes a draft.
struct RulesPublish: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "publish", abstract: "Publish the draft.")

    @OptionGroup var owner: RulesOwner

    @Option(name: .shortAndLong, help: "A note for the history.")
    var message: String?

    func run() async throws {
        try await withUseCases(onlyReads: true) { useCases, _ in
            let owner = try await owner.resolve(in: useCases.workspaces)
            do {
                let done = try await useCases.ruleSets
                    .publish(of: owner.id, expected: nil, note: message, as: .commandLine)
                terminal.output(done.text(owner.name))
            } catch RequestError.notFound(let text) {
                throw CommandError(text, remedy: "`switchyard rules push FILE` saves a draft.")
            }
        }
    }
}

/// Lists versions.
struct RulesHistory: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "List the versions of an owner's rules with author, time and note."
    )

    @OptionGroup var owner: RulesOwner

    @Option(help: "How many at most.")
    var limit = 20

    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await withUseCases(onlyReads: true) { useCases, _ in
            let owner = try await owner.resolve(in: useCases.workspaces)
            var table = TextTable(["VERSION", "WHEN", "AUTHOR", "ACTION", "RULES", "+", "~", "-", "NOTE"])
            for entry in try await useCases.ruleSets
                .versions(of: owner.id, before: nil, limit: max(1, limit), as: .commandLine)
            {
                table.add([
                    "\(entry.version.version)", "\(entry.version.changedAt)", entry.version.actor,
                    entry.version.action.rawValue, "\(entry.rules)", "\(entry.added)", "\(entry.changed)",
                    "\(entry.removed)", entry.version.note ?? "",
                ])
            }
            output.print(table, to: terminal)
        }
    }
}

/// Restores an earlier version.
struct RulesReturn: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "return",
        abstract: "Restore an earlier version of an owner's rules; `rules history` lists them."
    )

    @OptionGroup var owner: RulesOwner

    @Argument(help: "The version.")
    var version: Int64

    @Option(name: .shortAndLong, help: "A note for the history.")
    var message: String?

    func run() async throws {
        try await withUseCases { useCases, _ in
            let owner = try await owner.resolve(in: useCases.workspaces)
            let done = try await useCases.ruleSets
                .returnToVersion(version, of: owner.id, note: message, as: .commandLine)
            terminal.output(done.text(owner.name))
        }
    }
}
