import FoundationEssentials
import LeadStore
import RoutingRules
import Testing

/// The outcomes of leads, and the contents of their logs.
@Suite struct OutcomeTests {
    @Test func earlierOutcomesAreReadBack() async throws {
        try await StoreFixture.with { fixture in
            var rule = RuleChange()
            rule.name = "Software"
            rule.destinationWorkspaceID = StoreFixture.b
            _ = try await fixture.stores.rules.create(id: StoreFixture.rule, owner: nil, rule, as: .administrator)
            try await fixture.ingest(
                .sample(1, .to(StoreFixture.b)),
                .sample(2, .retry),
                .sample(3, email: "person1@example.com", .to(StoreFixture.b)),
                .sample(4, .kept),
                .sample(5, .queued)
            )
            let outcomes = try await fixture.stores.leads.outcomes(of: (1...6).map(UUID.lead))
            #expect(Set(outcomes.keys) == Set((1...5).map(UUID.lead)))
            #expect(
                outcomes[.lead(1)]
                    == RoutingOutcome(
                        leadID: .lead(1),
                        status: .routed,
                        destinationWorkspaceID: StoreFixture.b,
                        matchedRuleID: StoreFixture.rule,
                        reason: RoutingText(
                            stored: "The rule R matched.",
                            source: StoreFixture.a,
                            names: [OwnedName(.rule(StoreFixture.rule), "Software", owner: nil)]
                        )
                    )
            )
            let waiting = RoutingText(stored: "No rule yet.", source: StoreFixture.a)
            #expect(outcomes[.lead(2)] == RoutingOutcome(leadID: .lead(2), status: .pending, reason: waiting))
            let duplicate = try #require(outcomes[.lead(3)])
            #expect(duplicate.isDuplicate)
            #expect(duplicate.duplicateLeadID == .lead(1))
            #expect(duplicate.destinationWorkspaceID == StoreFixture.a)
            #expect(outcomes[.lead(4)]?.destinationWorkspaceID == StoreFixture.a)
            #expect(outcomes[.lead(5)]?.status == .pending)
            #expect(try await fixture.stores.leads.outcomes(of: []).isEmpty)
        }
    }

    /// The first lead may be erased; its duplicate still says that it is one.
    @Test func duplicateOutlivesTheFirstLead() async throws {
        try await StoreFixture.with { fixture in
            try await fixture.ingest(.sample(1, .to(StoreFixture.b)))
            try await fixture.ingest(.sample(2, email: "person1@example.com", .to(StoreFixture.b)))
            try await fixture.run("DELETE FROM leads WHERE id = '\(UUID.lead(1).text)'")
            let outcomes = try await fixture.stores.leads.outcomes(of: [.lead(1), .lead(2)])
            #expect(outcomes[.lead(1)] == nil)
            #expect(outcomes[.lead(2)]?.isDuplicate == true)
        }
    }

    @Test func historyListsEachStepWithItsRules() async throws {
        try await StoreFixture.with { fixture in
            try await fixture.ingest(.sample(1, .retry))
            let before = try await fixture.stores.ruleSets.version()
            try await fixture.run("UPDATE workspaces SET name = 'B2' WHERE id = '\(StoreFixture.b.text)'")
            let after = try await fixture.stores.ruleSets.version()
            #expect(after > before)
            try await fixture.settle(.to(StoreFixture.b), limit: 1, leadID: .lead(1))
            let history = try await fixture.stores.leads.history(.lead(1), as: .workspace(StoreFixture.a))
            try #require(history.count == 2)
            #expect(history.map(\.result) == ["retry", "success"])
            #expect(history.map(\.attempt) == [1, 2])
            #expect(history.map(\.ruleSetVersion) == [before, after])
            #expect(history.map(\.sourceWorkspaceID) == [StoreFixture.a, StoreFixture.a])
            #expect(history.map(\.destinationWorkspaceID) == [nil, StoreFixture.b])
            #expect(history.map(\.matchedRuleID) == [nil, StoreFixture.rule])
            #expect(history[0].createdAt <= history[1].createdAt)
            // The receiver sees the step that routed the lead to it, and no earlier one.
            let received = try await fixture.stores.leads.history(.lead(1), as: .workspace(StoreFixture.b))
            #expect(received == [history[1]])
        }
    }
}
