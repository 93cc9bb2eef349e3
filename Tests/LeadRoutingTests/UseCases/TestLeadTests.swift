import FoundationEssentials
import JSON
import LeadStore
import Postgres
import RoutingRules
import Testing

@testable import LeadRouting

/// Leads of test keys: decided like others, and nothing of routing changes.
struct TestLeadTests {
    private static let tester = Caller(
        id: "key:test",
        name: "test",
        workspaceID: Samples.partner,
        scopes: [.leadsWrite],
        isTest: true
    )

    /// Everything that routing writes, as one line.
    private static let everything = """
        SELECT concat_ws(' ', (SELECT count(*) FROM leads), (SELECT count(*) FROM lead_routing_logs),
            (SELECT count(*) FROM lead_identity_claims), (SELECT count(*) FROM lead_attributions),
            (SELECT count(*) FROM lead_routing_queue), (SELECT count(*) FROM switchyard.idempotency_keys),
            (SELECT coalesce(sum(amount), 0) FROM switchyard.routing_state), (SELECT count(*) FROM switchyard.routing_state),
            (SELECT count(*) FROM switchyard.sticky_destinations), (SELECT count(*) FROM switchyard.routing_statistics))
        """

    @Test func testLeadIsDecidedAndChangesNothing() async throws {
        try await RoutingFixture.with { fixture in
            let useCases = fixture.useCases()
            // A cap of one lead, which is free.
            try await fixture.bound(Samples.west, WorkspaceCapacity(["caps": [["per": "day", "limit": 1]]]))
            let before = try await fixture.run(Self.everything)
            let first = try await useCases.submissions.submit(SubmittedLead(lead: Samples.lead(1)), as: Self.tester)
            #expect(first.isTest && first.status == .routed && first.destinationWorkspaceID == Samples.west)
            #expect(first.matchedRuleID == Samples.westRule && !first.isDuplicate)
            // The same person again is no duplicate, and the cap is still free.
            let again = try await useCases.submissions.submit(SubmittedLead(lead: Samples.lead(1)), as: Self.tester)
            #expect(again.destinationWorkspaceID == Samples.west && !again.isDuplicate && again.leadID != first.leadID)
            let batch = try await useCases.submissions.submit(
                batch: [SubmittedLead(lead: Samples.lead(2)), SubmittedLead(lead: Samples.lead(3, industry: "other"))],
                as: Self.tester
            )
            #expect(try batch.map { try $0.get().isTest } == [true, true])
            let streamed = try await useCases.submissions
                .begin(batch: [SubmittedLead(lead: Samples.lead(4))], as: Self.tester).outcomes()
            #expect(try streamed.map { try $0.get().isTest } == [true])
            #expect(try await fixture.run(Self.everything) == before)
            // A real lead takes the one place.
            let real = try await useCases.submissions.submit(SubmittedLead(lead: Samples.lead(1)), as: .partner)
            #expect(!real.isTest && !real.isDuplicate && real.destinationWorkspaceID == Samples.west)
        }
    }

    @Test func testLeadsAreSeenByTheirWorkspaceOnly() async throws {
        try await RoutingFixture.with { fixture in
            let useCases = fixture.useCases()
            let sent = try await useCases.submissions.submit(SubmittedLead(lead: Samples.lead(1)), as: Self.tester)
            for caller in [Self.tester, .partner, .administrator] {
                #expect(try await useCases.testLeads.list(limit: 10, as: caller).map(\.outcome.leadID) == [sent.leadID])
                let found = try await useCases.testLeads.find(sent.leadID, as: caller).outcome
                #expect(found.isTest && found.destinationWorkspaceID == sent.destinationWorkspaceID)
                #expect(found.matchedRuleID == sent.matchedRuleID && found.reason.stored == sent.reason.stored)
            }
            for caller in [Caller.rival, .west] {
                #expect(try await useCases.testLeads.list(limit: 10, as: caller).isEmpty)
                let refused = try await refusal { try await useCases.testLeads.find(sent.leadID, as: caller) }
                #expect(refused?.isNotFound == true)
            }
            // No person is kept.
            let stored = try await fixture.run("SELECT t::text FROM switchyard.test_leads t")[0][0]
            #expect(!stored.contains("example.com") && stored.contains("software"))
        }
    }

    @Test func testKeyDoesNothingElse() async throws {
        try await RoutingFixture.with { fixture in
            let useCases = fixture.useCases()
            let strong = Caller(
                id: "key:test",
                name: "test",
                workspaceID: Samples.partner,
                scopes: [.admin],
                isTest: true
            )
            let real = try await useCases.submissions.submit(SubmittedLead(lead: Samples.lead(1)), as: .partner)
            let requests: [() async throws -> Void] = [
                { _ = try await useCases.leads.find(real.leadID, as: strong) },
                { _ = try await useCases.rules.list(of: nil, as: strong) },
                { _ = try await useCases.operations.pause(.workspace(nil), reason: nil, as: strong) },
                { _ = try await useCases.keys.list(as: strong) },
                { _ = try await useCases.workspaces.list(as: strong) },
            ]
            for request in requests {
                #expect(try await refusal { try await request() }?.isForbidden == true)
            }
        }
    }

    @Test func testLeadsAreBoundedAndSuspendedWithTheirWorkspace() async throws {
        try await RoutingFixture.with { fixture in
            let useCases = fixture.useCases()
            for _ in 0..<3 {
                let leads = (0..<600).map { SubmittedLead(lead: Samples.lead($0)) }
                _ = try await useCases.submissions.submit(batch: leads, as: Self.tester)
            }
            #expect(try await fixture.number("SELECT count(*) FROM switchyard.test_leads") <= 1600)
            try await fixture.run("UPDATE switchyard.test_leads SET created_at = now() - interval '8 days'")
            try await fixture.run("SELECT switchyard.prune()")
            #expect(try await fixture.number("SELECT count(*) FROM switchyard.test_leads") == 0)
            _ = try await useCases.workspaces.suspend(Samples.partner, reason: "abuse", as: .administrator)
            let refused = try await refusal {
                try await useCases.submissions.submit(SubmittedLead(lead: Samples.lead(1)), as: Self.tester)
            }
            #expect(refused == .suspended(reason: "abuse"))
            #expect(try await fixture.number("SELECT count(*) FROM switchyard.test_leads") == 0)
        }
    }
}
