import ArgumentParser
import FoundationEssentials
import LeadStore
import RoutingRules
import Web

/// Looks for what is wrong with rules, without a single lead.
struct RulesLint: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lint",
        abstract: "Find rules that never match, are shadowed, contradict themselves or point nowhere.",
        discussion: "Exits with 1 when there are errors, with --strict also when there are warnings."
    )

    @Option(help: "Only the rules of this workspace, by id or name.")
    var workspace: String?

    @Flag(help: "Fail on warnings as well.")
    var strict = false

    @Flag(help: "Print what GET /api/rules/lint answers.")
    var json = false

    func run() async throws {
        let report = try await DatabaseSession.with { session in
            let owner = try await owner(in: session.store)
            let lint = RuleLint(try await session.store.loadRuleSet())
            let report = owner.map { lint.report(on: $0) } ?? lint.report()
            let names = try await session.store.workspaceNames()
            Standard.output(json ? ReportJSON.text(report) : report.text(names: names))
            return report
        }
        if report.count(.error) > 0 || strict && report.count(.warning) > 0 { throw ExitCode(1) }
    }

    private func owner(in store: LeadStore) async throws -> UUID? {
        guard let workspace else { return nil }
        return try await store.workspace(named: workspace).workspace.id
    }
}
