import ArgumentParser
import FoundationEssentials
import LeadRouting
import RoutingRules
import SwitchyardServer
import Web

/// Explains why a lead is where it is.
struct Explain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show why a lead is where it is: each rule in order, and what would have made a difference.",
        discussion: "The decision is repeated from stored data: the rules of that time, the lead, caps and turns."
    )

    @Argument(help: "The lead's id.")
    var lead: String

    @Option(help: "Which of its decisions, from 1; default: the last one.")
    var attempt: Int?

    @Flag(help: "Print the JSON of GET /api/leads/{id}/explain.")
    var json = false

    func run() async throws {
        guard let id = UUID(uuidString: lead) else {
            throw CommandError(
                "“\(lead)” is not a lead's id.",
                remedy: "Use the UUID that POST /api/leads returned."
            )
        }
        try await withUseCases(onlyReads: true) { useCases, _ in
            let explanation = try await useCases.leads.explain(id, attempt: attempt, as: .commandLine)
            terminal.output(json ? ReportJSON.text(explanation) : explanation.text(time: ReportJSON.time))
        }
    }
}
