import ArgumentParser
import FoundationEssentials
import LeadRouting
import LeadStore
import RoutingRules
import SwitchyardServer
import Web

/// Says why a lead is where it is.
struct Explain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say why a lead is where it is: each rule in order, and what would have made a difference.",
        discussion: "The decision is made again from what was stored: the rules of that time, the lead, caps and turns."
    )

    @Argument(help: "The lead's id.")
    var lead: String

    @Option(help: "Which of its decisions, from 1; the last one unless named.")
    var attempt: Int?

    @Flag(help: "Print what GET /api/leads/{id}/explain answers.")
    var json = false

    func run() async throws {
        guard let id = UUID(uuidString: lead) else {
            throw CommandFault(
                "“\(lead)” is not a lead's id.",
                remedy: "An id is a UUID, as POST /api/leads answers it."
            )
        }
        try await DatabaseSession.with { session in
            let explainer = LeadExplainer(stores: session.stores)
            guard let explanation = try await explainer.explain(id, decision: attempt, as: .administrator) else {
                throw CommandFault("There is no lead \(id.text).", remedy: "Check the id.")
            }
            Standard.output(json ? ReportJSON.text(explanation) : explanation.text(time: ReportJSON.time))
        }
    }
}
