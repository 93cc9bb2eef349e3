import ArgumentParser
import LeadStore
import Postgres
import RoutingRules
import SwitchyardServer

/// Publishes a draft.
struct RulesPublish: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "publish", abstract: "Make the draft the rules.")

    @OptionGroup var owner: RulesOwner

    @Option(name: .shortAndLong, help: "Why, for the history.")
    var message: String?

    func run() async throws {
        try await DatabaseSession.with { session in
            let owner = try await owner.resolve(in: session.stores)
            do {
                let done = try await session.stores.by("command line")
                    .publishing.publishRuleSet(of: owner.id, note: message, as: .administrator)
                Standard.output(done.text(owner.name))
            } catch let refusal as RuleSetRefusal {
                throw CommandFault(refusal.description, remedy: refusal.remedy)
            }
        }
    }
}

/// Lists versions.
struct RulesHistory: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "List the versions of an owner's rules: who made them, when and why."
    )

    @OptionGroup var owner: RulesOwner

    @Option(help: "How many at most.")
    var limit = 20

    func run() async throws {
        try await DatabaseSession.with { session in
            let owner = try await owner.resolve(in: session.stores)
            var table = TextTable(["VERSION", "WHEN", "WHO", "HOW", "RULES", "+", "~", "-", "WHY"])
            for entry in try await session.stores.ruleSets.ruleSetVersions(
                of: owner.id,
                limit: max(1, limit),
                as: .administrator
            ) {
                table.add([
                    "\(entry.version.version)", "\(entry.version.changedAt)", entry.version.actor,
                    entry.version.action.rawValue, "\(entry.rules)", "\(entry.added)", "\(entry.changed)",
                    "\(entry.removed)", entry.version.note ?? "",
                ])
            }
            Standard.output(table.text)
        }
    }
}

/// Goes back to an earlier version.
struct RulesReturn: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "return",
        abstract: "Have an owner's rules be what they were at an earlier version; `rules history` lists them."
    )

    @OptionGroup var owner: RulesOwner

    @Argument(help: "The version.")
    var version: Int64

    @Option(name: .shortAndLong, help: "Why, for the history.")
    var message: String?

    func run() async throws {
        try await DatabaseSession.with { session in
            let owner = try await owner.resolve(in: session.stores)
            let done = try await session.stores.by("command line")
                .publishing.returnRuleSet(to: version, of: owner.id, note: message, as: .administrator)
            Standard.output(done.text(owner.name))
        }
    }
}
