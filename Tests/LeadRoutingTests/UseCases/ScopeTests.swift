import FoundationEssentials
import JSON
import LeadStore
import Postgres
import RoutingRules
import Testing

@testable import LeadRouting

/// Each use case requires its scope.
struct ScopeTests {
    /// Every use case with a caller, and its scope.
    private static let useCases: [(Scope, @Sendable (UseCases, Caller) async throws -> Void)] = [
        (.leadsWrite, { _ = try await $0.submissions.submit(SubmittedLead(lead: lead), as: $1) }),
        (.leadsWrite, { _ = try await $0.submissions.submit(batch: [], as: $1) }),
        (.leadsWrite, { _ = try await $0.submissions.begin(batch: [], as: $1) }),
        (.leadsWrite, { _ = try await $0.submissions.importCSV(Self.noFile, from: nil, as: $1) { _ in } }),
        (.leadsRead, { _ = try await $0.leads.page(LeadFilter(), limit: 1, as: $1) }),
        (.leadsRead, { _ = try await $0.leads.find(id, as: $1) }),
        (.leadsRead, { _ = try await $0.leads.explain(id, as: $1) }),
        (.leadsErase, { _ = try await $0.leads.erase(.lead(id), as: $1) }),
        (.routingWrite, { _ = try await $0.leads.route(id, as: $1) }),
        (.routingWrite, { _ = try await $0.leads.routeDue(limit: 1, as: $1) }),
        (.routingWrite, { _ = try await $0.leads.makeDue(limit: 1, as: $1) }),
        (.routingWrite, { try await $0.leads.retry(id, as: $1) }),
        (.routingWrite, { _ = try await $0.leads.retry(.failed, matching: LeadFilter(), limit: 1, as: $1) }),
        (.leadsWrite, { _ = try await $0.leads.returnLead(id, reason: nil, sendsOn: false, as: $1) }),
        (.rulesRead, { _ = try await $0.rules.list(of: nil, as: $1) }),
        (.rulesRead, { _ = try await $0.rules.why(id, as: $1) }),
        (.rulesRead, { _ = try await $0.rules.find(id, as: $1) }),
        (.rulesWrite, { _ = try await $0.rules.create(owner: nil, RuleChange(), as: $1) }),
        (.rulesWrite, { _ = try await $0.rules.change(id, RuleChange(), as: $1) }),
        (.rulesWrite, { try await $0.rules.delete(id, as: $1) }),
        (.rulesRead, { _ = try await $0.rules.lint(of: nil, as: $1) }),
        (.rulesRead, { _ = try await $0.rules.lint(.null, of: nil, as: $1) }),
        (.rulesRead, { _ = try await $0.rules.capacity(as: $1) }),
        (.rulesRead, { _ = try await $0.rules.simulate(simulation, as: $1) }),
        (.leadsRead, { _ = try await $0.rules.simulate(simulation, as: $1) }),
        (.rulesRead, { _ = try await $0.ruleSets.live(of: nil, as: $1) }),
        (.rulesRead, { _ = try await $0.ruleSets.version(1, of: nil, as: $1) }),
        (.rulesRead, { _ = try await $0.ruleSets.draft(of: nil, as: $1) }),
        (.rulesRead, { _ = try await $0.ruleSets.versions(of: nil, before: nil, limit: 1, as: $1) }),
        (.rulesRead, { _ = try await $0.ruleSets.versions(of: nil, at: nil, before: nil, limit: 1, as: $1) }),
        (.rulesRead, { _ = try await $0.ruleSets.difference(of: nil, from: .live, to: .draft, as: $1) }),
        (.rulesWrite, { _ = try await $0.ruleSets.saveDraft(.null, of: nil, as: $1) }),
        (.rulesWrite, { try await $0.ruleSets.deleteDraft(of: nil, as: $1) }),
        (.rulesWrite, { _ = try await $0.ruleSets.publish(of: nil, expected: nil, note: nil, as: $1) }),
        (.rulesWrite, { _ = try await $0.ruleSets.returnToVersion(1, of: nil, note: nil, as: $1) }),
        (.workspacesRead, { _ = try await $0.workspaces.list(as: $1) }),
        (.workspacesRead, { _ = try await $0.workspaces.find(id, as: $1) }),
        (.workspacesRead, { _ = try await $0.workspaces.find(named: "A", as: $1) }),
        (.workspacesWrite, { _ = try await $0.workspaces.create(WorkspaceChange(), as: $1) }),
        (.workspacesWrite, { _ = try await $0.workspaces.change(id, WorkspaceChange(), as: $1) }),
        (.workspacesWrite, { try await $0.workspaces.delete(id, as: $1) }),
        (.workspacesWrite, { _ = try await $0.workspaces.restore(id, as: $1) }),
        (.workspacesRead, { _ = try await $0.workspaces.capacityUsage(of: id, as: $1) }),
        (.workspacesRead, { _ = try await $0.workspaces.quotas(of: id, as: $1) }),
        (.workspacesWrite, { _ = try await $0.workspaces.setQuotas([:], of: id, as: $1) }),
        (.workspacesRead, { _ = try await $0.workspaces.assignees(of: id, as: $1) }),
        (.workspacesRead, { _ = try await $0.workspaces.assignee(id, of: id, as: $1) }),
        (.workspacesWrite, { _ = try await $0.workspaces.createAssignee(of: id, AssigneeChange(), as: $1) }),
        (.workspacesWrite, { _ = try await $0.workspaces.changeAssignee(id, of: id, AssigneeChange(), as: $1) }),
        (.workspacesWrite, { try await $0.workspaces.deleteAssignee(id, of: id, as: $1) }),
        (.rulesRead, { _ = try await $0.agreements.list(as: $1) }),
        (.rulesRead, { _ = try await $0.agreements.record(of: agreement, as: $1) }),
        (.rulesWrite, { _ = try await $0.agreements.grant(agreement, as: $1) }),
        (.rulesWrite, { try await $0.agreements.revoke(agreement, as: $1) }),
        (.routingWrite, { _ = try await $0.operations.pause(.all, reason: nil, as: $1) }),
        (.routingWrite, { _ = try await $0.operations.resume(.all, as: $1) }),
        (.leadsRead, { _ = try await $0.operations.pauses(as: $1) }),
        (.leadsRead, { _ = try await $0.operations.statistics(statistics, as: $1) }),
        (.keysWrite, { _ = try await $0.keys.create(for: nil, name: "key", as: $1) }),
        (.keysWrite, { _ = try await $0.keys.roll("prefix", overlap: 0, as: $1) }),
        (.keysWrite, { _ = try await $0.keys.revoke("prefix", as: $1) }),
        (.keysRead, { _ = try await $0.keys.list(as: $1) }),
        (.membersRead, { _ = try await $0.users.list(as: $1) }),
        (.membersRead, { _ = try await $0.users.find("a@example.com", as: $1) }),
        (.membersWrite, { _ = try await $0.users.invite("a@example.com", to: nil, as: nil, by: $1) }),
        (.membersWrite, { _ = try await $0.users.inviteAdministrator("a@example.com", by: $1) }),
        (.membersWrite, { _ = try await $0.users.setDisabled(true, id, by: $1) }),
        (.membersWrite, { _ = try await $0.users.reset(id, by: $1) }),
        (.membersWrite, { _ = try await $0.users.setUp(by: $1) }),
        (.membersRead, { _ = try await $0.members.list(of: id, as: $1) }),
        (.membersWrite, { _ = try await $0.members.add("a@example.com", as: .viewer, to: id, by: $1) }),
        (.membersWrite, { _ = try await $0.members.change(id, of: id, to: .viewer, by: $1) }),
        (.membersWrite, { try await $0.members.remove(id, of: id, by: $1) }),
        (.auditRead, { _ = try await $0.audit.newest(AuditFilter(), limit: 1, as: $1) }),
        (.workspacesWrite, { _ = try await $0.workspaces.suspend(id, reason: "abuse", as: $1) }),
        (.workspacesWrite, { _ = try await $0.workspaces.lift(id, as: $1) }),
        (.leadsWrite, { _ = try await $0.testLeads.list(limit: 1, as: $1) }),
        (.leadsWrite, { _ = try await $0.testLeads.find(id, as: $1) }),
    ]

    /// Use cases for administrators with the scope `admin`.
    private static let administration: [@Sendable (UseCases, Caller) async throws -> Void] = [
        { _ = try await $0.operations.retention(as: $1) },
        { _ = try await $0.operations.keepLog(months: 1, as: $1) },
        { _ = try await $0.operations.scheduleByCron(as: $1) },
        { _ = try await $0.operations.unscheduleByCron(as: $1) },
        { _ = try await $0.operations.diagnose(at: Timestamp(microsecondsSinceUnixEpoch: 0), as: $1) },
        { try await $0.operations.rebuildStatistics(from: nil, to: nil, as: $1) { _, _ in } },
        { _ = try await $0.alerts.list(as: $1) },
        { try await $0.alerts.silence([], seconds: 0, reason: nil, as: $1) },
        { _ = try await $0.audit.verify(expecting: [0], as: $1) },
        { _ = try await $0.audit.verify(expecting: nil, as: $1) },
        { try await $0.audit.read(after: 0, as: $1) { _ in } },
        { _ = try await $0.schedule.list(as: $1) },
        { _ = try await $0.schedule.run("markExpiredLeads", as: $1) },
    ]

    private static let noFile = AsyncStream<[UInt8]> { $0.finish() }

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

    @Test func administrationRequiresAdministrator() async throws {
        try await RoutingFixture.with { fixture in
            let useCases = fixture.useCases()
            let limited = Caller(
                id: "key:test",
                name: "test",
                workspaceID: nil,
                scopes: Set(Scope.allCases).subtracting([.admin])
            )
            for (place, useCase) in Self.administration.enumerated() {
                let unscoped = try await refusal { try await useCase(useCases, limited) }
                #expect(unscoped == .missingScope(.admin), "use case \(place)")
                let workspace = try await refusal { try await useCase(useCases, .partner) }
                #expect(workspace?.isForbidden == true, "use case \(place)")
            }
            let shared = [
                try await refusal { try await useCases.leads.routeDue(limit: 1, as: .partner) },
                try await refusal { try await useCases.rules.capacity(as: .partner) },
                try await refusal { try await useCases.users.list(as: .partner) },
                try await refusal { try await useCases.users.find("a@example.com", as: .partner) },
                try await refusal { try await useCases.users.invite("a@example.com", to: nil, as: nil, by: .partner) },
                try await refusal { try await useCases.users.inviteAdministrator("a@example.com", by: .partner) },
                try await refusal { try await useCases.users.setDisabled(true, Self.id, by: .partner) },
                try await refusal { try await useCases.users.reset(Self.id, by: .partner) },
                try await refusal { try await useCases.users.setUp(by: .partner) },
            ]
            #expect(shared.allSatisfy { $0?.isForbidden == true })
        }
    }

    @Test func adminScopeIncludesAllScopes() {
        for scope in Scope.allCases {
            #expect(Caller.commandLine.may(scope))
            #expect(!Caller(id: "", name: "", workspaceID: nil, scopes: []).may(scope))
        }
    }
}
