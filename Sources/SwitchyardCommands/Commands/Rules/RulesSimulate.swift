import ArgumentParser
import FoundationEssentials
import LeadRouting
import LeadStore
import RoutingRules
import SwitchyardServer
import Web

/// Decides leads under other rules, without changing anything.
struct RulesSimulate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract:
            "Decide past leads, or leads of a file, under a draft, and show what changes.",
        discussion: "Compares with the current rules. Nothing is written, and no counter changes."
    )

    @Option(help: "The workspace of rules and leads, by id or name; default: the platform's rules and all leads.")
    var workspace: String?

    @Option(help: "A YAML file in the form of `switchyard rules pull`; without one, the stored draft.")
    var draft: String?

    @Flag(help: "Only show where the leads go under the current rules.")
    var published = false

    @Option(name: .customLong("as-of"), help: "Compare the rules at this version with the current ones.")
    var version: Int64?

    @Option(help: "Leads of this many past days.")
    var days = 7

    @Option(help: "At most this many leads, the newest.")
    var limit = SimulationRequest.usualLeads

    @Option(help: "Leads of a file: CSV as `switchyard import` reads it, one JSON lead per line, or a JSON list.")
    var leads: String?

    @Option(help: "One lead as JSON, as for POST /api/leads.")
    var lead: String?

    @Option(
        help: """
            The initial counters and turns: live (the current values; with --days, the leads are replayed from now on) or \
            empty. Default: empty with --days, live otherwise.
            """
    )
    var counters: SimulatedCounters?

    @Flag(help: "Print the JSON of POST /api/rules/simulate.")
    var json = false

    func validate() throws {
        guard [published, version != nil, draft != nil].count(where: \.self) < 2 else {
            throw ValidationError("Give one of --draft, --published and --as-of.")
        }
        guard leads == nil || lead == nil else { throw ValidationError("Give --leads or --lead, not both.") }
        guard 1...SimulationRequest.mostDays ~= days else {
            throw ValidationError("--days must be from 1 to \(SimulationRequest.mostDays).")
        }
        guard 1...SimulationRequest.mostLeads ~= limit else {
            throw ValidationError("--limit must be from 1 to \(SimulationRequest.mostLeads).")
        }
    }

    func run() async throws {
        try await withUseCases(analysisTime: .seconds(600)) { useCases, _ in
            let yaml = try draft.map { try RuleSetYAML.read($0) }
            let owner = try await owner(useCases.workspaces, of: yaml)
            let rules: SimulationRequest.Draft =
                if let yaml {
                    .document(yaml.tree)
                } else {
                    published ? .published : version.map(SimulationRequest.Draft.version) ?? .stored
                }
            let request = SimulationRequest(
                owner: owner,
                draft: rules,
                leads: try await wanted(owner, useCases.workspaces),
                counters: counters
            )
            func simulate() async throws -> SimulationReport {
                try await useCases.rules.simulate(request, draftName: draft, as: .commandLine)
            }
            let report =
                if let yaml {
                    try await yaml.locatingProblems(under: "/draft", simulate)
                } else {
                    try await simulate()
                }
            if json {
                terminal.output(ReportJSON.text(report))
            } else {
                let names = try await useCases.workspaces.names(as: .commandLine)
                terminal.output(report.text(names: names, time: ReportJSON.time))
                terminal.error("Decided in \((report.seconds * 100).rounded() / 100) s.")
            }
        }
    }

    /// Whose rules and leads: those of the option or of the file; nil: the platform's rules and all leads.
    private func owner(_ workspaces: WorkspaceRequests, of yaml: RuleSetYAML?) async throws -> UUID? {
        if let yaml {
            var named = RulesOwner()
            named.text = workspace
            return try await named.resolve(in: workspaces, orElse: yaml.owner).id
        }
        guard let workspace else { return nil }
        return try await workspaces.find(named: workspace, as: .commandLine).workspace.id
    }

    private func wanted(_ owner: UUID?, _ workspaces: WorkspaceRequests) async throws -> SimulationRequest.Leads {
        if let lead {
            do {
                let read = try LeadJSON.lead(lead)
                return .these([SimulatedLead(id: nil, lead: read, source: owner, time: nil)])
            } catch {
                throw CommandError("--lead is not a lead: \(error)", remedy: "Write it as for POST /api/leads.")
            }
        }
        guard let leads else { return .days(days, limit: limit) }
        let all = try await workspaces.list(as: .commandLine).map(\.workspace)
        return .these(try await LeadFile(path: leads, sources: LeadSources(all, else: owner)).leads())
    }
}

extension SimulatedCounters: ExpressibleByArgument {}
