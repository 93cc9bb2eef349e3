import FoundationEssentials
import LeadRouting
import LeadStore
import RoutingRules
import Testing

/// Decisions repeated from stored data.
@Suite struct LeadExplainerTests {
    private func rule(_ change: (inout RuleChange) -> Void) -> RuleChange {
        var rule = RuleChange()
        change(&rule)
        return rule
    }

    private func explain(
        _ fixture: RoutingFixture,
        _ lead: UUID,
        decision: Int? = nil,
        as access: Access = .administrator
    ) async throws -> LeadExplanation {
        try #require(try await LeadExplainer(stores: fixture.stores).explain(lead, decision: decision, as: access))
    }

    /// Whatever changes later, a decision is explained by the rules of its time.
    @Test func explainUsesTheRulesOfTheDecision() async throws {
        try await RoutingFixture.with { fixture in
            let first = try await fixture.intake().submit(Samples.lead(1), from: Samples.partner)
            _ = try await fixture.stores.acting(as: "key-7")
                .rules
                .change(
                    Samples.westRule,
                    rule { $0.conditions = RuleConditions(industries: ["farming"]) },
                    as: .administrator
                )
            let second = try await fixture.intake().submit(Samples.lead(2), from: Samples.partner)
            let before = try await explain(fixture, first.leadID)
            #expect(before.reproduction == .same)
            #expect(before.trace.decisive?.rule.id == Samples.westRule)
            #expect(!before.ruleSet.isCurrent)
            let after = try await explain(fixture, second.leadID)
            #expect(after.reproduction == .same)
            #expect(after.attempt?.result == "unmatched")
            #expect(after.ruleSet.isCurrent && after.ruleSet.author == "key-7" && after.ruleSet.madeAt != nil)
            #expect(after.trace.nearest.first?.rule.id == Samples.westRule)
            #expect(after.text { "\($0)" }.contains("wants industry farming; the lead has software"))
        }
    }

    @Test func changedLeadIsReportedAsChanged() async throws {
        try await RoutingFixture.with { fixture in
            let outcome = try await fixture.intake().submit(Samples.lead(1), from: Samples.partner)
            try await fixture.run(
                """
                UPDATE leads SET company_industry = 'farming', updated_at = now() + interval '5 seconds'
                WHERE id = '\(outcome.leadID.text)'
                """
            )
            let explanation = try await explain(fixture, outcome.leadID)
            #expect(explanation.reproduction == .different(.leadChanged))
            #expect(explanation.text { "\($0)" }.contains("changed since"))
        }
    }

    @Test func duplicateIsExplainedWithoutItsOwner() async throws {
        try await RoutingFixture.with { fixture in
            let first = try await fixture.intake().submit(Samples.lead(1), from: Samples.partner)
            let twin = try await fixture.intake().submit(Samples.lead(1), from: Samples.rival)
            #expect(twin.isDuplicate)
            let told = try await explain(fixture, twin.leadID, as: .workspace(Samples.rival))
            #expect(told.isDuplicate && told.duplicateLeadID == nil)
            #expect(told.reproduction == .none)
            #expect(told.headline.contains("duplicate"))
            #expect(try await explain(fixture, twin.leadID).duplicateLeadID == first.leadID)
            let other = LeadExplainer(stores: fixture.stores)
            #expect(try await other.explain(twin.leadID, as: .workspace(Samples.partner)) == nil)
        }
    }

    @Test func receiverSeesMatchedRuleOnly() async throws {
        try await RoutingFixture.with { fixture in
            _ = try await fixture.stores.rules.create(
                id: UUID(),
                owner: nil,
                rule {
                    $0.name = "Secret"
                    $0.priority = 9
                    $0.conditions = RuleConditions(industries: ["gold"])
                    $0.destinationWorkspaceID = Samples.east
                },
                as: .administrator
            )
            let outcome = try await fixture.intake().submit(Samples.lead(1), from: Samples.partner)
            let receiver = try await explain(fixture, outcome.leadID, as: .workspace(Samples.west))
            #expect(receiver.steps.map(\.rule.name) == ["Software"])
            #expect(receiver.steps.map { receiver.name(of: $0) } == [nil])
            #expect(!["Software", "Secret", "gold"].contains(where: receiver.text { "\($0)" }.contains))
            // The sender sees that a rule of the platform took its lead, and no other rule of the platform.
            let sender = try await explain(fixture, outcome.leadID, as: .workspace(Samples.partner))
            #expect(sender.steps.map(\.rule.name) == ["Software"])
            #expect(sender.steps.map { sender.name(of: $0) } == [nil])
            let text = sender.text { "\($0)" }
            #expect(!["Software", "Secret", "gold"].contains(where: text.contains), "\(text)")
            #expect(text.contains("a rule of the platform") && sender.counts == (0, 0, 0))
        }
    }

    @Test func explainsWaitingFailedAndRequeuedLeads() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.run(
                "UPDATE workspaces SET unmatched_policy = 'retry' WHERE id = '\(Samples.partner.text)'"
            )
            let outcome = try await fixture.intake().submit(Samples.lead(1, industry: "farming"), from: Samples.partner)
            #expect(outcome.status == .pending)
            let waiting = try await explain(fixture, outcome.leadID)
            #expect(waiting.attempt?.result == "retry" && waiting.reproduction == .same)
            _ = try await fixture.router(maximumAttempts: 1).route(leadID: outcome.leadID, as: .administrator)
            let failed = try await explain(fixture, outcome.leadID)
            #expect(failed.attempt?.result == "failed" && failed.attempts.count == 2)
            #expect(failed.reproduction == .same)
            #expect(try await explain(fixture, outcome.leadID, decision: 1).attempt?.result == "retry")
            await #expect(throws: StoreError.self) { try await explain(fixture, outcome.leadID, decision: 3) }
            _ = try await fixture.stores.queue.requeue(outcome.leadID, actor: "key-1")
            let requeued = try await explain(fixture, outcome.leadID)
            #expect(requeued.since?.result == "requeued")
            #expect(requeued.aftermath == "Requeued by key-1 since; it is decided again.")
        }
    }

    @Test func undecidedLeadIsPreviewed() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.insertWaiting(1)
            let id = try #require(UUID(uuidString: try await fixture.run("SELECT id FROM leads")[0][0]))
            let explanation = try await explain(fixture, id)
            #expect(explanation.attempt == nil && explanation.reproduction == .none)
            #expect(explanation.headline.hasPrefix("Not decided yet"))
            #expect(explanation.trace.decisive?.rule.id == Samples.westRule)
            // Routing by the migration guide's functions records no version.
            try await fixture.run(
                """
                SELECT acquire_routing_lock('\(id.text)', '\(UUID.sample(77).text)');
                SELECT complete_routing('\(id.text)', '\(Samples.east.text)', NULL, '\(UUID.sample(77).text)')
                """
            )
            let elsewhere = try await explain(fixture, id)
            #expect(elsewhere.reproduction == .different(.decidedElsewhere))
            #expect(elsewhere.attempt?.destinationWorkspaceID == Samples.east)
        }
    }
}
