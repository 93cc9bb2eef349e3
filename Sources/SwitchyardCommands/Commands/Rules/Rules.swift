import ArgumentParser

/// Everything about rules that is done from a shell.
struct Rules: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look at routing rules, and work on them.",
        subcommands: [
            RulesPull.self, RulesPush.self, RulesDiff.self, RulesPublish.self, RulesHistory.self, RulesReturn.self,
            RulesLint.self, RulesSimulate.self, RulesCapacity.self,
        ]
    )
}
