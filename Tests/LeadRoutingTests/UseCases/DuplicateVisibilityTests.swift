import FoundationEssentials
import LeadStore
import RoutingRules
import Testing

@testable import LeadRouting

/// Every use case shows the original of a duplicate only to callers that may see that lead.
struct DuplicateVisibilityTests {
    @Test func originalIsShownToAllowedCallersOnly() async throws {
        try await RoutingFixture.with { fixture in
            let useCases = fixture.useCases()
            // It stays in its source workspace, so that only the partner and administrators see it.
            let lead = SubmittedLead(lead: Samples.lead(1, industry: nil))
            let original = try await useCases.submissions.submit(lead, as: .partner).leadID
            func originals(_ caller: Caller, workspace: UUID? = nil) async throws -> [UUID?] {
                let lead = SubmittedLead(lead: lead.lead, workspaceID: workspace)
                let one = try await useCases.submissions.submit(lead, as: caller)
                let batch = try await useCases.submissions.submit(batch: [lead], as: caller).map { try $0.get() }
                let pending = try await useCases.submissions.begin(batch: [lead], as: caller)
                let stream = try await pending.outcomes().map { try $0.get() }
                let routed = try await useCases.leads.route(one.leadID, as: caller)
                let outcomes = [one] + batch + stream + [routed]
                #expect(outcomes.allSatisfy { $0.isDuplicate })
                let (record, history) = try await useCases.leads.find(one.leadID, as: caller)
                let page = try await useCases.leads.page(LeadFilter(), limit: 100, as: caller).leads
                let listed = page.filter { $0.id == one.leadID }
                #expect(record.isDuplicate && listed.count == 1 && listed.allSatisfy { $0.isDuplicate })
                let explained = try await useCases.leads.explain(one.leadID, as: caller)
                #expect(explained.isDuplicate)
                var originals = outcomes.map(\.duplicateLeadID)
                originals.append(record.duplicateOf)
                originals += listed.map(\.duplicateOf)
                originals += history.filter { $0.result == "duplicate" }.map(\.duplicateOf)
                originals.append(explained.duplicateLeadID)
                return originals
            }
            let shown = try await originals(.partner)
            #expect(shown.count == 8 && shown.allSatisfy { $0 == original }, "\(shown)")
            let administrators = try await originals(.administrator, workspace: Samples.rival)
            #expect(administrators.allSatisfy { $0 == original }, "\(administrators)")
            let redacted = try await originals(.rival)
            #expect(redacted.count == 8 && redacted.allSatisfy { $0 == nil }, "\(redacted)")
        }
    }
}
