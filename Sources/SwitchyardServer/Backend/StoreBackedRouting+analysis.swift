import FoundationEssentials
import LeadRouting
import LeadStore
import RoutingRules
import Web

extension StoreBackedRouting {
    func lint(of owner: UUID?, as principal: Principal) async throws -> RuleLintReport {
        try await tellingCaller {
            let owner = principal.workspaceID ?? owner
            if let owner, try await stores.workspaces.workspace(owner, as: principal.access) == nil {
                throw BackendError.notFound("There is no such workspace, or none that this key may see.")
            }
            let lint = RuleLint(try await stores.ruleSets.loadRuleSet())
            return owner.map { lint.report(on: $0) } ?? lint.report()
        }
    }

    func warnings(about rule: RoutingRule, as principal: Principal) async throws -> [RuleFinding] {
        try await tellingCaller {
            RuleLint(try await stores.ruleSets.loadRuleSet()).report(on: rule.workspaceID, about: rule.id).findings
        }
    }
}

extension StoreBackedRouting {
    func explain(_ lead: UUID, attempt: Int?, as principal: Principal) async throws -> LeadExplanation? {
        try await tellingCaller {
            try await LeadExplainer(stores: stores).explain(lead, decision: attempt, as: principal.access)
        }
    }

    func simulate(
        _ simulation: SimulationBody,
        owner: UUID?,
        as principal: Principal
    ) async throws -> SimulationReport {
        try await tellingCaller {
            if let owner, try await stores.workspaces.workspace(owner, as: principal.access) == nil {
                throw BackendError.invalid([
                    FieldProblem(
                        field: "workspaceId",
                        message: "There is no such workspace, or none that this key may see."
                    )
                ])
            }
            let (rules, name) = try await DraftRules(stores: stores)
                .rules(simulation.draft, of: owner, as: principal.access)
            return try await simulator.run(
                SimulationRequest(
                    owner: owner,
                    draft: rules,
                    leads: try await leads(simulation.leads, owner, principal),
                    counters: simulation.counters
                ),
                draftName: name
            )
        }
    }

    /// The leads that are meant; those of a workspace's key are that workspace's, whatever a file says.
    private func leads(
        _ leads: SimulationBody.Leads,
        _ owner: UUID?,
        _ principal: Principal
    ) async throws -> SimulationRequest.Leads {
        switch leads {
        case .days(let days, let limit): return .days(days, limit: limit)
        case .these(let leads): return .these(leads)
        case .csv(let bytes):
            var all: [Workspace] = []
            if principal.workspaceID == nil {
                all = try await stores.workspaces.workspaces(as: .administrator).map(\.workspace)
            }
            do {
                return .these(try LeadTable.leads(bytes, of: LeadSources(all, else: owner)))
            } catch {
                throw BackendError.invalid([
                    FieldProblem(
                        field: "csv",
                        message: "This is no CSV file of leads: \(error)",
                        remedy: "Send UTF-8 with a header row, as `switchyard import` reads it."
                    )
                ])
            }
        }
    }
}

extension BackendError {
    /// What a refusal to simulate means for the caller.
    init(_ refusal: RuleSimulator.Refusal) {
        switch refusal {
        case .busy: self = .overloaded(retryAfterSeconds: 5)
        case .tooLong:
            self = .invalid([
                FieldProblem(
                    field: "days",
                    message: refusal.description,
                    remedy: "Ask for fewer days, or a smaller limit."
                )
            ])
        }
    }
}
