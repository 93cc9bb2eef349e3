import FoundationEssentials
import JSON
import LeadStore
import RoutingRules
import Testing

@testable import LeadRouting

/// Each use case asks for its scope.
struct ScopeTests {
    /// Every use case that takes a caller, with the scope that it asks for.
    private static let useCases: [(Scope, @Sendable (UseCases, Caller) async throws -> Void)] = [
        (.leadsWrite, { _ = try await $0.submissions.submit(SubmittedLead(lead: lead), as: $1) }),
        (.leadsWrite, { _ = try await $0.submissions.submit(batch: [], as: $1) }),
        (.leadsWrite, { _ = try await $0.submissions.begin(batch: [], as: $1) }),
        (.leadsRead, { _ = try await $0.leads.leads(LeadFilter(), limit: 1, as: $1) }),
        (.leadsRead, { _ = try await $0.leads.lead(id, as: $1) }),
        (.leadsRead, { _ = try await $0.leads.explain(id, as: $1) }),
        (.leadsErase, { _ = try await $0.leads.erase(.lead(id), as: $1) }),
        (.routingWrite, { _ = try await $0.leads.route(id, as: $1) }),
        (.routingWrite, { try await $0.leads.retry(id, as: $1) }),
        (.routingWrite, { _ = try await $0.leads.retry(.failed, matching: LeadFilter(), limit: 1, as: $1) }),
        (.leadsWrite, { _ = try await $0.leads.returnLead(id, reason: nil, sendsOn: false, as: $1) }),
        (.rulesRead, { _ = try await $0.rules.rules(of: nil, as: $1) }),
        (.rulesRead, { _ = try await $0.rules.rule(id, as: $1) }),
        (.rulesWrite, { _ = try await $0.rules.create(owner: nil, RuleChange(), as: $1) }),
        (.rulesWrite, { _ = try await $0.rules.change(id, RuleChange(), as: $1) }),
        (.rulesWrite, { try await $0.rules.delete(id, as: $1) }),
        (.rulesRead, { _ = try await $0.rules.lint(of: nil, as: $1) }),
        (.rulesRead, { _ = try await $0.rules.simulate(simulation, as: $1) }),
        (.leadsRead, { _ = try await $0.rules.simulate(simulation, as: $1) }),
        (.rulesRead, { _ = try await $0.ruleSets.live(of: nil, as: $1) }),
        (.rulesRead, { _ = try await $0.ruleSets.version(1, of: nil, as: $1) }),
        (.rulesRead, { _ = try await $0.ruleSets.draft(of: nil, as: $1) }),
        (.rulesRead, { _ = try await $0.ruleSets.versions(of: nil, before: nil, limit: 1, as: $1) }),
        (.rulesRead, { _ = try await $0.ruleSets.difference(of: nil, from: .live, to: .draft, as: $1) }),
        (.rulesWrite, { _ = try await $0.ruleSets.saveDraft(.null, of: nil, as: $1) }),
        (.rulesWrite, { try await $0.ruleSets.deleteDraft(of: nil, as: $1) }),
        (.rulesWrite, { _ = try await $0.ruleSets.publish(of: nil, expected: nil, note: nil, as: $1) }),
        (.rulesWrite, { _ = try await $0.ruleSets.returnToVersion(1, of: nil, note: nil, as: $1) }),
        (.workspacesRead, { _ = try await $0.workspaces.workspaces(as: $1) }),
        (.workspacesRead, { _ = try await $0.workspaces.workspace(id, as: $1) }),
        (.workspacesWrite, { _ = try await $0.workspaces.create(WorkspaceChange(), as: $1) }),
        (.workspacesWrite, { _ = try await $0.workspaces.change(id, WorkspaceChange(), as: $1) }),
        (.workspacesWrite, { try await $0.workspaces.delete(id, as: $1) }),
        (.workspacesRead, { _ = try await $0.workspaces.capacityUsage(of: id, as: $1) }),
        (.workspacesRead, { _ = try await $0.workspaces.assignees(of: id, as: $1) }),
        (.workspacesWrite, { _ = try await $0.workspaces.createAssignee(of: id, AssigneeChange(), as: $1) }),
        (.workspacesWrite, { _ = try await $0.workspaces.changeAssignee(id, of: id, AssigneeChange(), as: $1) }),
        (.workspacesWrite, { try await $0.workspaces.deleteAssignee(id, of: id, as: $1) }),
        (.rulesRead, { _ = try await $0.agreements.agreements(as: $1) }),
        (.rulesRead, { _ = try await $0.agreements.record(of: agreement, as: $1) }),
        (.rulesWrite, { _ = try await $0.agreements.grant(agreement, as: $1) }),
        (.rulesWrite, { try await $0.agreements.revoke(agreement, as: $1) }),
        (.routingWrite, { _ = try await $0.operations.pause(.all, reason: nil, as: $1) }),
        (.routingWrite, { _ = try await $0.operations.resume(.all, as: $1) }),
        (.leadsRead, { _ = try await $0.operations.pauses(as: $1) }),
        (.leadsRead, { _ = try await $0.operations.statistics(statistics, as: $1) }),
    ]

    private static let id = UUID.sample(99)
    private static let lead = Samples.lead(1)
    private static let agreement = RoutingAgreement(receivingWorkspaceID: id, sendingWorkspaceID: Samples.partner)
    private static let simulation = SimulationRequest(owner: nil, draft: .published, leads: .these([]))
    private static let statistics = StatisticsQuery(from: "2026-11-01", to: "2026-11-30", grouping: .day)

    @Test func useCaseRequiresItsScope() async throws {
        try await RoutingFixture.with { fixture in
            let useCases = fixture.useCases()
            for (place, (scope, useCase)) in Self.useCases.enumerated() {
                let others = Set(Scope.allCases).subtracting([scope, .admin])
                let caller = Caller(id: "key:test", name: "test", workspaceID: nil, scopes: others)
                let refusal = try await refusal { try await useCase(useCases, caller) }
                #expect(refusal == .missingScope(scope), "use case \(place)")
            }
        }
    }

    @Test func adminScopeIncludesAllScopes() {
        for scope in Scope.allCases {
            #expect(Caller.commandLine.may(scope))
            #expect(!Caller(id: "", name: "", workspaceID: nil, scopes: []).may(scope))
        }
    }
}
