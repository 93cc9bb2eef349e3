import ArgumentParser
import FoundationEssentials
import LeadRouting
import LeadStore
import RoutingRules

/// Routes one waiting lead now.
struct Route: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Route one waiting lead now, and say where it went.")

    @Argument(help: "The lead's id.")
    var lead: String

    func run() async throws {
        guard let id = UUID(uuidString: lead) else {
            throw CommandFault(
                "“\(lead)” is not a lead's id.",
                remedy: "An id is a UUID, as POST /api/leads answers it."
            )
        }
        try await DatabaseSession.with { session in
            let routing = try await RoutingServices(session: session)
            let names = try await session.store.workspaceNames()
            let outcome = try await routing.waiting.route(leadID: id, as: .administrator)
            Standard.output("\(id.text)  \(outcome.status.rawValue)")
            if let destination = outcome.destinationWorkspaceID {
                Standard.output("  in        \(names[destination] ?? destination.text)")
            }
            if let rule = outcome.matchedRuleName { Standard.output("  by rule   \(rule)") }
            if outcome.isDuplicate {
                Standard.output("  duplicate of \(outcome.duplicateLeadID?.text ?? "an earlier lead")")
            }
            Standard.output("  because   \(outcome.reason)")
        }
    }
}

/// Works through the leads that are due, or puts a failed one back.
struct Retry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Work through the leads that are due now, or requeue a failed one.",
        discussion: "Without a lead it does what processLeadRoutingRetryQueue does every five minutes."
    )

    @Argument(help: "A failed lead to put back into the queue, with its attempts reset.")
    var lead: String?

    @Option(help: "How many leads at most.")
    var limit = 100_000

    func run() async throws {
        try await DatabaseSession.with { session in
            if let lead {
                guard let id = UUID(uuidString: lead) else { throw CommandFault("“\(lead)” is not a lead's id.") }
                guard try await session.store.requeue(id, actor: "command line") else {
                    throw CommandFault(
                        "That lead has not failed, or does not exist.",
                        remedy: "Only a failed lead can be requeued."
                    )
                }
                Standard.output("\(id.text) is waiting again.")
                return
            }
            let routing = try await RoutingServices(session: session)
            let summary = try await routing.waiting.drain(limit: limit)
            Standard.output(
                "\(summary.claimed) were due: \(summary.routed) routed, \(summary.waiting) wait on, \(summary.failed) failed."
            )
        }
    }
}
