import ArgumentParser
import FoundationEssentials
import LeadRouting
import LeadStore
import RoutingRules
import SwitchyardServer

/// Writes rules to a file for review.
struct RulesPull: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull",
        abstract: "Write the rules of an owner as YAML, to a file or to standard output."
    )

    @OptionGroup var owner: RulesOwner

    @Option(help: "The rules at this version instead of the current ones.")
    var version: Int64?

    @Flag(help: "The draft instead of the current rules.")
    var draft = false

    @Argument(help: "The file; standard output if omitted.")
    var file: String?

    func run() async throws {
        try await withUseCases(onlyReads: true) { useCases, _ in
            let owner = try await owner.resolve(in: useCases.workspaces)
            let ruleSets = useCases.ruleSets
            var document = try await ruleSets.live(of: owner.id, as: .commandLine).document
            if let version {
                let live = document.version
                document = try await ruleSets.version(version, of: owner.id, as: .commandLine).document
                // When it is pushed, it replaces the current rules.
                document.version = live
            } else if draft {
                document = try await ruleSets.commandLineDraft(of: owner.id).document
            }
            let text = RuleSetYAML.text(document, owner: owner, naming: try await useCases.workspaces.naming())
            guard let file else {
                terminal.output(String(text.dropLast()))
                return
            }
            try Data(text.utf8).write(to: URL(filePath: file), options: .atomic)
            terminal.error("\(document.rules.count) rules of \(owner.name) are in \(file).")
        }
    }
}
