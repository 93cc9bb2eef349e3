import ArgumentParser

/// Commands about rules.
struct Rules: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show and edit routing rules.",
        subcommands: [
            RulesPull.self, RulesPush.self, RulesDiff.self, RulesPublish.self, RulesHistory.self, RulesReturn.self,
            RulesLint.self, RulesSimulate.self, RulesCapacity.self,
        ]
    )
}
