import ArgumentParser
import FoundationEssentials
import LeadRouting
import LeadStore
import RoutingRules
import SwitchyardServer

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
            let names = try await session.stores.workspaces.workspaceNames()
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

/// Works through the leads that are due, or puts leads back that have failed or that no rule matched.
struct Retry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Work through the leads that are due now, or requeue what failed or no rule matched.",
        discussion: "Without a lead it does what processLeadRoutingRetryQueue does every five minutes."
    )

    @Argument(help: "A lead to put back into the queue that failed, or that no rule matched and its source keeps.")
    var lead: String?

    @Flag(help: "Put back all leads that no rule matched and that their source keeps, then work through what is due.")
    var unmatched = false

    @Option(help: "With --unmatched: only leads that came from this workspace, by id or name.")
    var workspace: String?

    @Option(help: "How many leads at most.")
    var limit = 100_000

    func validate() throws {
        if unmatched, lead != nil { throw ValidationError("Give a lead, or --unmatched, not both.") }
        if workspace != nil, !unmatched { throw ValidationError("--workspace goes with --unmatched.") }
        if limit < 1 { throw ValidationError("--limit is 1 or more.") }
    }

    func run() async throws {
        try await DatabaseSession.with { session in
            if let lead {
                guard let id = UUID(uuidString: lead) else { throw CommandFault("“\(lead)” is not a lead's id.") }
                guard try await session.stores.queue.requeue(id, actor: "command line") else {
                    throw CommandFault(
                        "That lead cannot be put back, or does not exist.",
                        remedy:
                            "Only one that failed, or that no rule matched and its source keeps, can, until it expires."
                    )
                }
                Standard.output("\(id.text) is waiting again.")
                return
            }
            if unmatched { try await requeueUnmatched(session.stores) }
            let routing = try await RoutingServices(session: session)
            let summary = try await routing.waiting.drain(limit: limit)
            Standard.output(
                "\(summary.claimed) were due: \(summary.routed) routed, \(summary.waiting) wait on, \(summary.failed) failed."
            )
        }
    }

    /// Puts back what no rule matched, a page at a time; what comes to the same again is not put back twice.
    private func requeueUnmatched(_ stores: Stores) async throws {
        var filter = LeadFilter()
        if let workspace {
            filter.sourceWorkspaceID = try await stores.workspaces.workspace(named: workspace).workspace.id
        }
        var total = 0
        var requeued: Int
        repeat {
            filter.unmatchedRetriableUnder = try await stores.ruleSets.ruleSetVersion()
            let page = try await stores.leads.leads(filter, limit: min(1000, limit - total), as: .administrator)
            requeued = try await stores.queue.requeue(page.leads.map(\.id), actor: "command line")
            total += requeued
        } while requeued > 0 && total < limit
        Standard.output("\(total) that no rule had matched wait again.")
    }
}
