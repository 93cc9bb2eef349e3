import ArgumentParser
import FoundationEssentials
import LeadRouting
import LeadStore
import RoutingRules
import SwitchyardServer
import Web

/// Decides leads under other rules, and changes nothing.
struct RulesSimulate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract:
            "Decide leads of the past, or of a file, under a draft: who would get more, who less, what falls through.",
        discussion: "Compares with the rules in force. Nothing is written, and no counter moves."
    )

    @Option(help: "Whose rules and leads, by id or name; everybody's leads and the platform's rules unless named.")
    var workspace: String?

    @Option(help: "A YAML file, as `switchyard rules pull` writes it; without one, the stored draft.")
    var draft: String?

    @Flag(help: "Only say where the leads go under the rules in force.")
    var published = false

    @Option(name: .customLong("as-of"), help: "Set the rules as they stood at this version against those in force.")
    var version: Int64?

    @Option(help: "Leads of so many days.")
    var days = 7

    @Option(help: "At most so many leads, the newest.")
    var limit = SimulationRequest.usualLeads

    @Option(help: "Leads of a file: CSV as `switchyard import` reads it, a lead of JSON a line, or a list of them.")
    var leads: String?

    @Option(help: "One lead as JSON, as for POST /api/leads.")
    var lead: String?

    @Option(
        help: """
            What counters and turns begin with: live (as they stand now; of --days, those leads come again from now on) or \
            empty. Unless named, empty with --days, live otherwise.
            """
    )
    var counters: SimulatedCounters?

    @Flag(help: "Print what POST /api/rules/simulate answers.")
    var json = false

    func validate() throws {
        guard [published, version != nil, draft != nil].count(where: \.self) < 2 else {
            throw ValidationError("Name one of --draft, --published and --as-of.")
        }
        guard leads == nil || lead == nil else { throw ValidationError("Name --leads or --lead, not both.") }
        guard 1...SimulationRequest.mostDays ~= days else {
            throw ValidationError("--days is 1 to \(SimulationRequest.mostDays).")
        }
        guard 1...SimulationRequest.mostLeads ~= limit else {
            throw ValidationError("--limit is 1 to \(SimulationRequest.mostLeads).")
        }
    }

    func run() async throws {
        try await DatabaseSession.with { session in
            let stores = session.stores
            var owner: UUID?
            if let workspace { owner = try await stores.workspaces.workspace(named: workspace).workspace.id }
            let rules: SimulationRequest.Draft
            let name: String
            if let draft {
                let live = try await stores.ruleSets.loadRuleSet().rules
                let read = try await RuleSetYAML.read(draft).rules(of: workspace, in: stores, live: live)
                (owner, rules, name) = (read.owner, .rules(read.rules), draft)
            } else {
                let named: SimulationBody.Draft =
                    published ? .published : version.map(SimulationBody.Draft.version) ?? .stored
                (rules, name) = try await DraftRules(stores: stores).rules(named, of: owner, as: .administrator)
            }
            let request = SimulationRequest(
                owner: owner,
                draft: rules,
                leads: try await wanted(owner, stores),
                counters: counters
            )
            let report: SimulationReport
            do {
                report = try await RuleSimulator(stores: stores, timeLimit: .seconds(600)).run(request, draftName: name)
            } catch let refusal as RuleSimulator.Refusal {
                throw CommandFault(refusal.description, remedy: "Ask for fewer days, or a smaller --limit.")
            }
            if json {
                Standard.output(ReportJSON.text(report))
            } else {
                let names = try await stores.workspaces.workspaceNames()
                Standard.output(report.text(names: names, time: ReportJSON.time))
                Standard.error("Decided in \((report.seconds * 100).rounded() / 100) s.")
            }
        }
    }

    private func wanted(_ owner: UUID?, _ stores: Stores) async throws -> SimulationRequest.Leads {
        if let lead {
            do {
                let read = try LeadJSON.lead(lead)
                return .these([SimulatedLead(id: nil, lead: read, source: owner, time: nil)])
            } catch {
                throw CommandFault("--lead is no lead: \(error)", remedy: "Write it as for POST /api/leads.")
            }
        }
        guard let leads else { return .days(days, limit: limit) }
        let all = try await stores.workspaces.workspaces(as: .administrator).map(\.workspace)
        return .these(try await LeadFile(path: leads, sources: LeadSources(all, else: owner)).leads())
    }
}

extension SimulatedCounters: ExpressibleByArgument {}
