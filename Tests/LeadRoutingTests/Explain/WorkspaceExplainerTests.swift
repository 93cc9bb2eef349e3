import FoundationEssentials
import LeadStore
import RoutingRules
import Testing

@testable import LeadRouting

/// Why a workspace receives leads, or none.
struct WorkspaceExplainerTests {
    @Test func namesWhatTakesItsLeads() async throws {
        try await RoutingFixture.with { fixture in
            let useCases = fixture.useCases()
            var rule = RuleChange()
            rule.name = "East"
            rule.priority = -1
            rule.conditions = RuleConditions(industries: ["software", "paper"])
            rule.destinationWorkspaceID = Samples.east
            _ = try await fixture.stores.rules.create(id: UUID.sample(22), owner: nil, rule, as: .administrator)
            for number in 1...3 {
                _ = try await useCases.submissions.submit(SubmittedLead(lead: Samples.lead(number)), as: .partner)
            }
            let other = SubmittedLead(lead: Samples.lead(4, industry: "glass"))
            _ = try await useCases.submissions.submit(other, as: .partner)

            let why = try await useCases.rules.why(Samples.east, as: .administrator)
            #expect(why.lastLeadAt == nil && why.obstacles.isEmpty && why.sampled == 4)
            let east = try #require(why.rules.first)
            #expect(why.rules.count == 1 && east.name == "East" && east.took == 0)
            #expect(
                east.losses.first == .init(reason: "matches as well, but “Software” comes before it", count: 3),
                "\(east.losses)"
            )
            #expect(why.nearMisses.map(\.rule) == ["East"])
            #expect(why.nearMisses.first?.reason.contains("the lead has glass") == true, "\(why.nearMisses)")

            let west = try await useCases.rules.why(Samples.west, as: .administrator)
            #expect(west.lastLeadAt != nil && west.rules.first?.took == 3)
        }
    }

    @Test func namesWhatKeepsEveryLeadAway() async throws {
        try await RoutingFixture.with { fixture in
            let useCases = fixture.useCases()
            try await fixture.bound(Samples.west, WorkspaceCapacity(caps: [Cap(per: .total, limit: 0)]))
            var change = WorkspaceChange()
            change.isPaused = true
            _ = try await useCases.workspaces.change(Samples.west, change, as: .administrator)
            let why = try await useCases.rules.why(Samples.west, as: .administrator)
            #expect(why.obstacles.contains("It is paused as a destination."))
            #expect(why.obstacles.contains { $0.hasPrefix("Its cap is full: 0 of 0") }, "\(why.obstacles)")
            let none = try await useCases.rules.why(Samples.rival, as: .administrator)
            #expect(none.obstacles == ["No active rule sends leads to it."])
            #expect(try await refusal { try await useCases.rules.why(Samples.west, as: .west) }?.isForbidden == true)
            #expect(
                try await refusal { try await useCases.rules.why(UUID.sample(99), as: .administrator) }
                    == .noSuchWorkspace
            )
        }
    }
}
