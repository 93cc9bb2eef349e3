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
            throw ValidationError("“\(lead)” is not a lead's id. Use the UUID that POST /api/leads returned.")
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
        discussion: """
            Without a lead it runs processLeadRoutingRetryQueue, as the schedule does every five minutes: leads whose \
            time has come. With --now those are routed as well that wait for their next attempt; leads that wait for \
            capacity still wait.
            """
    )

    @Argument(help: "A lead to requeue: a failed lead, or an unmatched one in its source workspace.")
    var lead: String?

    @Flag(help: "Requeue all unmatched leads in their source workspaces, then route all due leads.")
    var unmatched = false

    @Flag(help: "Route leads that wait for their next attempt now, not at its time.")
    var now = false

    @Flag(help: "Requeue all failed leads as well, with their attempts reset; includes --now.")
    var all = false

    @Option(help: "With --unmatched: only leads of this source workspace, by id or name.")
    var workspace: String?

    @Option(help: "How many leads at most.")
    var limit = 100_000

    func validate() throws {
        if unmatched, lead != nil { throw ValidationError("Give a lead, or --unmatched, not both.") }
        if lead != nil, now || all { throw ValidationError("Give a lead, or --now or --all, not both.") }
        if workspace != nil, !unmatched { throw ValidationError("--workspace needs --unmatched.") }
        if limit < 1 { throw ValidationError("--limit must be 1 or more.") }
    }

    func run() async throws {
        try await withUseCases { useCases, _ in
            if let lead {
                guard let id = UUID(uuidString: lead) else { throw ValidationError("“\(lead)” is not a lead's id.") }
                try await useCases.leads.retry(id, as: .commandLine)
                terminal.output("\(id.text) is waiting again.")
                return
            }
            if unmatched { try await requeueUnmatched(useCases) }
            if all {
                let requeued = try await requeue(.failed, LeadFilter(), useCases)
                terminal.output("\(requeued) failed leads were requeued.")
            }
            if now || all { _ = try await useCases.leads.makeDue(limit: limit, as: .commandLine) }
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
        let total = try await requeue(.unmatched, filter, useCases)
        terminal.output("\(total) unmatched leads were requeued.")
    }

    /// Requeues leads of a kind, a page at a time, and returns how many.
    private func requeue(_ result: RetriableResult, _ filter: LeadFilter, _ useCases: UseCases) async throws -> Int {
        var total = 0
        var requeued: Int
        repeat {
            requeued =
                try await useCases.leads
                .retry(result, matching: filter, limit: min(1000, limit - total), as: .commandLine)
                .requeued
            total += requeued
        } while requeued > 0 && total < limit
        return total
    }
}
