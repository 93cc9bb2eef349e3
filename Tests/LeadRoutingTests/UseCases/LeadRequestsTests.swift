import FoundationEssentials
import LeadStore
import RoutingRules
import Testing

@testable import LeadRouting

/// Stored leads: which callers may see and change them.
struct LeadRequestsTests {
    @Test func leadIsVisibleOnlyToItsWorkspaces() async throws {
        try await RoutingFixture.with { fixture in
            let useCases = fixture.useCases()
            let routed = try await useCases.submissions.submit(SubmittedLead(lead: Samples.lead(1)), as: .partner)
            let id = routed.leadID
            for caller in [Caller.partner, .west, .administrator] {
                #expect(try await useCases.leads.find(id, as: caller).lead.id == id)
                #expect(try await useCases.leads.page(LeadFilter(), limit: 9, as: caller).leads.map(\.id) == [id])
            }
            #expect(try await useCases.leads.page(LeadFilter(), limit: 9, as: .rival).leads.isEmpty)
            let refusals = [
                try await refusal { try await useCases.leads.find(id, as: .rival) },
                try await refusal { try await useCases.leads.explain(id, as: .rival) },
                try await refusal { try await useCases.leads.route(id, as: .rival) },
                try await refusal { try await useCases.leads.retry(id, as: .rival) },
                try await refusal { try await useCases.leads.erase(.lead(id), as: .rival) },
                try await refusal {
                    try await useCases.leads.returnLead(id, reason: nil, sendsOn: false, as: .rival)
                },
            ]
            #expect(refusals.allSatisfy { $0?.isNotFound == true }, "\(refusals)")
        }
    }

    @Test func returnHidesNewDestination() async throws {
        try await RoutingFixture.with { fixture in
            let useCases = fixture.useCases()
            var rule = RuleChange()
            rule.name = "Rest"
            rule.destinationWorkspaceID = Samples.east
            _ = try await useCases.rules.create(owner: nil, rule, as: .administrator)
            let first = try await useCases.submissions.submit(SubmittedLead(lead: Samples.lead(1)), as: .partner)
            let returned = try await useCases.leads.returnLead(
                first.leadID,
                reason: "full",
                sendsOn: true,
                as: .west
            )
            #expect(returned.isSentOn && returned.destinationWorkspaceID == nil)
            let again = try await useCases.leads.returnLead(
                first.leadID,
                reason: nil,
                sendsOn: false,
                as: .administrator
            )
            #expect(!again.isSentOn && again.destinationWorkspaceID == Samples.partner)
        }
    }

    @Test func dueLeadsAreRouted() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.insertWaiting(3)
            let leads = fixture.useCases().leads
            let first = try await leads.routeDue(limit: 2, as: .administrator)
            #expect(first.claimed == 2 && first.routed == 2)
            #expect(try await leads.routeDue(limit: 9, as: .administrator).routed == 1)
        }
    }

    @Test func retryAcceptsFailedAndUnmatchedLeadsOnly() async throws {
        try await RoutingFixture.with { fixture in
            let useCases = fixture.useCases()
            let routed = try await useCases.submissions.submit(SubmittedLead(lead: Samples.lead(1)), as: .partner)
            let refused = try await refusal { try await useCases.leads.retry(routed.leadID, as: .partner) }
            #expect(refused?.isConflict == true)
            for number in 2...4 {
                let lead = SubmittedLead(lead: Samples.lead(number, industry: nil))
                _ = try await useCases.submissions.submit(lead, as: .partner)
            }
            let filter = LeadFilter()
            let first = try await useCases.leads.retry(.unmatched, matching: filter, limit: 2, as: .partner)
            #expect(first.requeued == 2 && first.hasMore)
            #expect(try await useCases.leads.retry(.unmatched, matching: filter, limit: 9, as: .rival).requeued == 0)
            #expect(try await useCases.leads.retry(.failed, matching: filter, limit: 9, as: .partner).requeued == 0)
        }
    }
}
