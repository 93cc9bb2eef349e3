import FoundationEssentials
import LeadStore
import RoutingRules
import Testing

/// How leads stand when somebody asks later, and what their log tells.
@Suite struct OutcomeTests {
    @Test func earlierOutcomesAreReadBack() async throws {
        try await Scene.with { scene in
            var rule = RuleChange()
            rule.name = "Software"
            rule.destinationWorkspaceID = Scene.b
            _ = try await scene.stores.rules.createRule(id: Scene.rule, owner: nil, rule, as: .administrator)
            try await scene.ingest(
                .sample(1, .to(Scene.b)),
                .sample(2, .retry),
                .sample(3, email: "person1@example.com", .to(Scene.b)),
                .sample(4, .kept),
                .sample(5, .queued)
            )
            let outcomes = try await scene.stores.leads.outcomes(of: (1...6).map(UUID.lead))
            #expect(Set(outcomes.keys) == Set((1...5).map(UUID.lead)))
            #expect(
                outcomes[.lead(1)]
                    == RoutingOutcome(
                        leadID: .lead(1),
                        status: .routed,
                        destinationWorkspaceID: Scene.b,
                        matchedRuleID: Scene.rule,
                        matchedRuleName: "Software",
                        reason: "The rule R matched."
                    )
            )
            #expect(outcomes[.lead(2)] == RoutingOutcome(leadID: .lead(2), status: .pending, reason: "Nobody yet."))
            let duplicate = try #require(outcomes[.lead(3)])
            #expect(duplicate.isDuplicate)
            #expect(duplicate.duplicateLeadID == .lead(1))
            #expect(duplicate.destinationWorkspaceID == Scene.a)
            #expect(outcomes[.lead(4)]?.destinationWorkspaceID == Scene.a)
            #expect(outcomes[.lead(5)]?.status == .pending)
            #expect(try await scene.stores.leads.outcomes(of: []).isEmpty)
        }
    }

    /// The first lead may be erased; its duplicate still says that it is one.
    @Test func duplicateOutlivesTheFirstLead() async throws {
        try await Scene.with { scene in
            try await scene.ingest(.sample(1, .to(Scene.b)))
            try await scene.ingest(.sample(2, email: "person1@example.com", .to(Scene.b)))
            try await scene.run("DELETE FROM leads WHERE id = '\(UUID.lead(1).text)'")
            let outcomes = try await scene.stores.leads.outcomes(of: [.lead(1), .lead(2)])
            #expect(outcomes[.lead(1)] == nil)
            #expect(outcomes[.lead(2)]?.isDuplicate == true)
        }
    }

    @Test func historyListsEachStepWithItsRules() async throws {
        try await Scene.with { scene in
            try await scene.ingest(.sample(1, .retry))
            let before = try await scene.stores.ruleSets.ruleSetVersion()
            try await scene.run("UPDATE workspaces SET name = 'B2' WHERE id = '\(Scene.b.text)'")
            let after = try await scene.stores.ruleSets.ruleSetVersion()
            #expect(after > before)
            try await scene.settle(.to(Scene.b), limit: 1, leadID: .lead(1))
            let history = try await scene.stores.leads.history(.lead(1), as: .workspace(Scene.a))
            try #require(history.count == 2)
            #expect(history.map(\.result) == ["retry", "success"])
            #expect(history.map(\.attempt) == [1, 2])
            #expect(history.map(\.ruleSetVersion) == [before, after])
            #expect(history.map(\.sourceWorkspaceID) == [Scene.a, Scene.a])
            #expect(history.map(\.destinationWorkspaceID) == [nil, Scene.b])
            #expect(history.map(\.matchedRuleID) == [nil, Scene.rule])
            #expect(history[0].createdAt <= history[1].createdAt)
            // The receiver sees the step that brought the lead, and not what went before.
            let received = try await scene.stores.leads.history(.lead(1), as: .workspace(Scene.b))
            #expect(received == [history[1]])
        }
    }
}
