import ArgumentParser
import FoundationEssentials
import LeadStore
import RoutingRules
import SwitchyardServer

/// Writes rules to a file that people review.
struct RulesPull: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull",
        abstract: "Write the rules of an owner as YAML, to a file or to standard output."
    )

    @OptionGroup var owner: RulesOwner

    @Option(help: "What they were at this version, instead of what they are.")
    var version: Int64?

    @Flag(help: "The draft, instead of what is live.")
    var draft = false

    @Argument(help: "The file; standard output if it is left out.")
    var file: String?

    func run() async throws {
        try await DatabaseSession.with { session in
            let stores = session.stores
            let owner = try await owner.resolve(in: stores)
            var document = try await stores.ruleSets.ruleSet(of: owner.id, as: .administrator).document
            if let version {
                let live = document.version
                document = try await stores.ruleSets.ruleSet(of: owner.id, asOf: version, as: .administrator).document
                // Pushed again, it replaces what is live now.
                document.version = live
            } else if draft {
                guard let found = try await stores.drafts.draft(of: owner.id, as: .administrator) else {
                    throw CommandFault("There is no draft.", remedy: "`switchyard rules push FILE` makes one.")
                }
                document = found.document
            }
            let text = RuleSetYAML.text(document, owner: owner, naming: try await stores.workspaces.naming())
            guard let file else {
                Standard.output(String(text.dropLast()))
                return
            }
            try Data(text.utf8).write(to: URL(filePath: file), options: .atomic)
            Standard.error("\(document.rules.count) rules of \(owner.name) are in \(file).")
        }
    }
}
