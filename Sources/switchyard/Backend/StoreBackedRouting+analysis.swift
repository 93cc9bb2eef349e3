import FoundationEssentials
import LeadRouting
import LeadStore
import RoutingRules
import Web

extension StoreBackedRouting {
    func lint(of owner: UUID?, as principal: Principal) async throws -> RuleLintReport {
        try await tellingCaller {
            let owner = principal.workspaceID ?? owner
            if let owner, try await store.workspace(owner, as: principal.access) == nil {
                throw BackendError.notFound("There is no such workspace, or none that this key may see.")
            }
            let lint = RuleLint(try await store.loadRuleSet())
            return owner.map { lint.report(on: $0) } ?? lint.report()
        }
    }

    func warnings(about rule: RoutingRule, as principal: Principal) async throws -> [RuleFinding] {
        try await tellingCaller {
            RuleLint(try await store.loadRuleSet()).report(on: rule.workspaceID, about: rule.id).findings
        }
    }
}

extension StoreBackedRouting {
    func explain(_ lead: UUID, attempt: Int?, as principal: Principal) async throws -> LeadExplanation? {
        try await tellingCaller {
            try await LeadExplainer(store: store).explain(lead, decision: attempt, as: principal.access)
        }
    }

    func simulate(
        _ draft: SimulationBody.Draft,
        _ leads: SimulationRequest.Leads,
        owner: UUID?,
        as principal: Principal
    ) async throws -> SimulationReport {
        try await tellingCaller {
            if let owner, try await store.workspace(owner, as: principal.access) == nil {
                throw BackendError.invalid([
                    FieldProblem(
                        field: "workspaceId",
                        message: "There is no such workspace, or none that this key may see."
                    )
                ])
            }
            let (rules, name) = try await DraftRules(store: store).rules(draft, of: owner, as: principal.access)
            return try await simulator.run(
                SimulationRequest(owner: owner, draft: rules, leads: leads),
                draftName: name
            )
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
