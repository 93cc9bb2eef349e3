import ArgumentParser
import FoundationEssentials
import LeadRouting
import LeadStore
import RoutingRules
import SwitchyardServer
import Web

/// Analyses rules without leads.
struct RulesLint: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lint",
        abstract: "Find rules that never match, are shadowed, contradict themselves or have no valid destination.",
        discussion: """
            Analyses a YAML file together with all other current rules; without one, the current rules. \
            Exits with 1 when there are errors, with --strict also when there are warnings.
            """
    )

    @Option(help: "Only the rules of this workspace, by id or name.")
    var workspace: String?

    @Argument(help: "A file in the form of `switchyard rules pull`.")
    var file: String?

    @Flag(help: "Fail on warnings as well.")
    var strict = false

    @Flag(help: "Print the JSON of GET /api/rules/lint.")
    var json = false

    func run() async throws {
        let report = try await withUseCases(onlyReads: true) { useCases, _ in
            let report = try await self.report(useCases)
            let names = try await useCases.workspaces.names(as: .commandLine)
            terminal.output(json ? ReportJSON.text(report) : report.text(names: names))
            return report
        }
        if report.count(.error) > 0 || strict && report.count(.warning) > 0 { throw ExitCode(1) }
    }

    private func report(_ useCases: UseCases) async throws -> RuleLintReport {
        guard let file else {
            var owner: UUID?
            if let workspace {
                owner = try await useCases.workspaces.find(named: workspace, as: .commandLine).workspace.id
            }
            return try await useCases.rules.lint(of: owner, as: .commandLine)
        }
        let yaml = try RuleSetYAML.read(file)
        var named = RulesOwner()
        named.text = workspace
        let owner = try await named.resolve(in: useCases.workspaces, orElse: yaml.owner).id
        return try await yaml.locatingProblems {
            try await useCases.rules.lint(yaml.tree, of: owner, as: .commandLine)
        }
    }
}
