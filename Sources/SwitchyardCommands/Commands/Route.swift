import ArgumentParser
import FoundationEssentials
import LeadRouting
import LeadStore
import RoutingRules
import SwitchyardServer

/// Routes one waiting lead now.
struct Route: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Route one waiting lead now, and print its outcome.")

    @Argument(help: "The lead's id.")
    var lead: String

    func run() async throws {
        guard let id = UUID(uuidString: lead) else {
            throw CommandError(
                "“\(lead)” is not a lead's id.",
                remedy: "Use the UUID that POST /api/leads returned."
            )
        }
        try await withUseCases { useCases, _ in
            let names = try await useCases.workspaces.names(as: .commandLine)
            let outcome = try await useCases.leads.route(id, as: .commandLine)
            terminal.output("\(id.text)  \(outcome.status.rawValue)")
            if let destination = outcome.destinationWorkspaceID {
                terminal.output("  in        \(names[destination] ?? destination.text)")
            }
            if let rule = outcome.matchedRuleName(for: .administrator) { terminal.output("  by rule   \(rule)") }
            if outcome.isDuplicate {
                terminal.output("  duplicate of \(outcome.duplicateLeadID?.text ?? "an earlier lead")")
            }
            terminal.output("  because   \(outcome.reason.text(for: .administrator))")
        }
    }
}

/// Routes due leads, or requeues leads that failed or that no rule matched.
struct Retry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Route all due leads now, or requeue leads that failed or that no rule matched.",
        discussion: "Without a lead it runs processLeadRoutingRetryQueue, as the schedule does every five minutes."
    )

    @Argument(help: "A lead to requeue: a failed lead, or an unmatched one in its source workspace.")
    var lead: String?

    @Flag(help: "Requeue all unmatched leads in their source workspaces, then route all due leads.")
    var unmatched = false

    @Option(help: "With --unmatched: only leads of this source workspace, by id or name.")
    var workspace: String?

    @Option(help: "How many leads at most.")
    var limit = 100_000

    func validate() throws {
        if unmatched, lead != nil { throw ValidationError("Give a lead, or --unmatched, not both.") }
        if workspace != nil, !unmatched { throw ValidationError("--workspace needs --unmatched.") }
        if limit < 1 { throw ValidationError("--limit must be 1 or more.") }
    }

    func run() async throws {
        try await withUseCases { useCases, _ in
            if let lead {
                guard let id = UUID(uuidString: lead) else { throw CommandError("“\(lead)” is not a lead's id.") }
                try await useCases.leads.retry(id, as: .commandLine)
                terminal.output("\(id.text) is waiting again.")
                return
            }
            if unmatched { try await requeueUnmatched(useCases) }
            let summary = try await useCases.leads.routeDue(limit: limit, as: .commandLine)
            terminal.output(
                "\(summary.claimed) were due: \(summary.routed) routed, \(summary.waiting) still waiting, \(summary.failed) failed."
            )
        }
    }

    /// Requeues unmatched leads, a page at a time; a lead that is unmatched again is not requeued twice.
    private func requeueUnmatched(_ useCases: UseCases) async throws {
        var filter = LeadFilter()
        if let workspace {
            filter.sourceWorkspaceID =
                try await useCases.workspaces.find(named: workspace, as: .commandLine).workspace.id
        }
        var total = 0
        var requeued: Int
        repeat {
            requeued =
                try await useCases.leads
                .retry(.unmatched, matching: filter, limit: min(1000, limit - total), as: .commandLine)
                .requeued
            total += requeued
        } while requeued > 0 && total < limit
        terminal.output("\(total) unmatched leads were requeued.")
    }
}
