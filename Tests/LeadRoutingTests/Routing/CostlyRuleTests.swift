import FoundationEssentials
import LeadRouting
import LeadStore
import RoutingRules
import Testing

/// A rule whose conditions take too many steps costs one lead, and no other workspace.
@Suite struct CostlyRuleTests {
    private static let costly = RuleConditions(
        json: #"{"where":{"any":["#
            + (0..<50).map { #"{"field":"city","op":"matches","value":"a{0,490}b\#($0)"}"# }.joined(separator: ",")
            + "]}}"
    )

    /// The nodes of a database, whose rules that cost too much are switched off.
    private func services(_ fixture: RoutingFixture) -> (LeadIntake, WaitingLeadRouter, CostlyRules) {
        let stores = fixture.stores
        let rules = RuleSetCache(source: stores.ruleSets)
        let costly = CostlyRules(logger: Samples.quiet) { try await stores.rules.switchOff($0) }
        let intake = LeadIntake(store: stores.intake, rules: rules, costly: costly, logger: Samples.quiet)
        return (intake, WaitingLeadRouter(queue: stores.queue, rules: rules, costly: costly), costly)
    }

    private func lead(_ number: Int) -> Lead {
        var lead = Lead(email: "person\(number)@example.com", industry: "Software")
        lead.location = LeadLocation(city: String(repeating: "a", count: 200))
        return lead
    }

    private func addCostlyRule(_ fixture: RoutingFixture, of owner: UUID?) async throws -> UUID {
        var change = RuleChange()
        change.name = "Costly"
        change.priority = 100
        change.conditions = Self.costly
        change.destinationWorkspaceID = owner ?? Samples.west
        return try await fixture.stores.rules.create(id: UUID(), owner: owner, change, as: .administrator).rule.id
    }

    @Test func costlyRuleIsSwitchedOffWithNotice() async throws {
        try await RoutingFixture.with { fixture in
            let rule = try await addCostlyRule(fixture, of: Samples.partner)
            let (intake, _, costly) = services(fixture)
            let outcome = try await intake.submit(lead(1), from: Samples.partner)
            #expect(outcome.destinationWorkspaceID == Samples.west)
            await costly.finish()
            let stored = try await fixture.stores.rules.find(rule, as: .administrator)
            #expect(stored?.rule.isActive == false)
            let notices = try await fixture.stores.rules.notices(of: Samples.partner)
            #expect(notices[rule]?.contains("more steps than a decision may") == true)
            #expect(try await fixture.stores.rules.notices(of: Samples.rival).isEmpty)
            #expect(try await fixture.stores.health.routingFacts().costlyRules == ["Costly"])
            #expect(
                try await fixture.number(
                    "SELECT count(*) FROM lead_routing_logs WHERE reason LIKE '%{R:\(rule.text)} take more steps%'"
                ) == 1
            )
        }
    }

    @Test func ruleOfThePlatformStaysOn() async throws {
        try await RoutingFixture.with { fixture in
            let rule = try await addCostlyRule(fixture, of: nil)
            let (intake, _, costly) = services(fixture)
            _ = try await intake.submit(lead(1), from: Samples.partner)
            await costly.finish()
            #expect(try await fixture.stores.rules.find(rule, as: .administrator)?.rule.isActive == true)
            #expect(try await fixture.stores.rules.notices(of: nil)[rule] != nil)
        }
    }

    /// In a batch, the costly leads of one workspace are put off, and those of the others are decided.
    @Test func otherSourcesOfABatchAreDecided() async throws {
        try await RoutingFixture.with { fixture in
            _ = try await addCostlyRule(fixture, of: Samples.partner)
            let stores = fixture.stores
            let rules = RuleSetCache(source: stores.ruleSets)
            // Nothing switches the rule off here.
            let intake = LeadIntake(store: stores.intake, rules: rules, logger: Samples.quiet)
            var batch = (0..<40).map { (lead: lead($0), source: Samples.partner) }
            batch.append((lead: lead(100), source: Samples.rival))
            let outcomes = try await intake.submit(batch: batch).map { try $0.get() }
            #expect(outcomes.last?.destinationWorkspaceID == Samples.west)
            let decided = outcomes.dropLast().count { $0.status == .routed }
            #expect((2...10).contains(decided))
            #expect(outcomes.dropLast().allSatisfy { $0.status == .routed || $0.status == .pending })
            // The waiting leads are decided as well, some in each round.
            let router = WaitingLeadRouter(queue: stores.queue, rules: rules)
            _ = try await router.drain(limit: 1000)
            #expect(try await fixture.number("SELECT count(*) FROM leads WHERE routing_status = 'routed'") == 41)
        }
    }
}
