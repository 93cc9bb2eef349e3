import ArgumentParser
import LeadRouting
import LeadStore
import RoutingRules
import SwitchyardServer

/// Explains why a workspace receives leads, or none.
struct Why: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Explain why a workspace receives leads, or none.",
        discussion: """
            Shows who may send to it, the rules that could reach it, and what becomes of the newest leads there: taken by \
            an earlier rule, skipped for a cap or hours, or missed for one value.
            """
    )

    @Option(help: "The workspace, by id or name.")
    var workspace: String

    func run() async throws {
        try await withUseCases(onlyReads: true) { useCases, _ in
            let record = try await useCases.workspaces.find(named: workspace, as: .commandLine)
            let explanation = try await useCases.rules.why(record.workspace.id, as: .commandLine)
            for line in Self.lines(explanation) { terminal.output(line) }
        }
    }

    private static func lines(_ explanation: WorkspaceExplanation) -> [String] {
        let name = explanation.workspace.workspace.name
        var lines = [
            explanation.lastLeadAt.map { "“\(name)” received its last lead from another workspace at \($0)." }
                ?? "“\(name)” has never received a lead from another workspace."
        ]
        lines += explanation.obstacles
        lines.append(
            explanation.senders.isEmpty
                ? "It has agreed to receive from no workspace: only rules of the platform may send to it."
                : "It has agreed to receive from: \(explanation.senders.joined(separator: ", "))."
        )
        guard !explanation.rules.isEmpty else { return lines }
        lines.append("Rules that could send to it, and the newest \(explanation.sampled) leads:")
        for rule in explanation.rules {
            let owner = rule.owner.map { "of “\($0)”" } ?? "of the platform"
            lines.append("  “\(rule.name)” (\(owner), priority \(rule.priority)) took \(rule.took)")
            lines += rule.findings.map { "      ! \($0)" }
            lines += rule.losses.prefix(5).map { "      \($0.count) × \($0.reason)" }
        }
        if !explanation.nearMisses.isEmpty {
            lines.append("Leads that nearly came:")
            lines += explanation.nearMisses.map { "  \($0.leadID.text)  “\($0.rule)” \($0.reason)" }
        }
        return lines
    }
}
