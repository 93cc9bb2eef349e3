import FoundationEssentials
import LeadStore
import Postgres
import RoutingRules
import Testing

@testable import LeadRouting

/// Unmatched leads are routed again after a rule has been fixed.
@Suite(.timeLimit(.minutes(5))) struct UnmatchedRetryTests {
    private func takeFarming(_ fixture: RoutingFixture) async throws {
        var change = RuleChange()
        change.conditions = RuleConditions(industries: ["software", "farming"])
        _ = try await fixture.stores.rules.change(Samples.westRule, change, as: .administrator)
    }

    @Test func retriedLeadIsRoutedOnlyAfterRulesChange() async throws {
        try await RoutingFixture.with { fixture in
            let outcome = try await fixture.intake().submit(Samples.lead(1, industry: "farming"), from: Samples.partner)
            #expect(outcome.status == .routed && outcome.destinationWorkspaceID == Samples.partner)
            let router = fixture.router()
            #expect(try await fixture.stores.queue.requeue(outcome.leadID, actor: "ann"))
            let waiting = try await explain(fixture, outcome.leadID)
            #expect(waiting.status == .pending && waiting.attempt?.result == "unmatched")
            #expect(waiting.aftermath == "Requeued by ann since; it is decided again.")
            #expect(try await router.drain(limit: 10).routed == 1)
            #expect(try await router.drain(limit: 10).claimed == 0)
            var log = try await fixture.stores.leads.history(outcome.leadID, as: .administrator).map(\.result)
            #expect(log == ["unmatched", "requeued", "unmatched"])
            try await takeFarming(fixture)
            #expect(try await fixture.stores.queue.requeue(outcome.leadID, actor: "ann"))
            try await router.rules.poll()
            #expect(try await router.drain(limit: 10).routed == 1)
            log = try await fixture.stores.leads.history(outcome.leadID, as: .administrator).map(\.result)
            #expect(log == ["unmatched", "requeued", "unmatched", "requeued", "success"])
            #expect(try await fixture.number("SELECT count(*) FROM lead_attributions") == 1)
            let routed = try await explain(fixture, outcome.leadID)
            #expect(routed.attempts.map(\.result) == ["unmatched", "unmatched", "success"])
            #expect(routed.reproduction == .same && routed.since == nil && routed.ruleSet.isCurrent)
            #expect(try await explain(fixture, outcome.leadID, decision: 1).reproduction == .same)
            // Each decision is counted once; requeueing is not counted.
            try await fixture.run("SELECT switchyard.add_statistics('-infinity', 'infinity', NULL, NULL)")
            let counted = try await fixture.run(
                """
                SELECT sum(unmatched), sum(routed), sum(failed) FROM switchyard.routing_statistics
                WHERE dimension = 'all' AND direction = 'out'
                """
            )
            #expect(counted == [["2", "1", "0"]])
        }
    }

    private func explain(_ fixture: RoutingFixture, _ lead: UUID, decision: Int? = nil) async throws -> LeadExplanation
    {
        try #require(
            try await LeadExplainer(stores: fixture.stores).explain(lead, decision: decision, as: .administrator)
        )
    }

    /// Operators requeue the same leads at once, while nodes route them: each is requeued once, routed once and
    /// credited once, and a new lead with the same identity is a duplicate.
    @Test func concurrentRetriesRequeueOnce() async throws {
        try await RoutingFixture.with(connections: 20) { fixture in
            let intake = fixture.intake(leadsInBatch: 8)
            let leads = (0..<40).map { (lead: Samples.lead($0, industry: "farming"), source: Samples.partner) }
            let ids = try await intake.submit(batch: leads).map { try $0.get().leadID }
            try await takeFarming(fixture)
            let requeued = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<6 {
                    group.addTask {
                        // Some in one statement, some individually.
                        if number % 2 == 0 {
                            return try await fixture.stores.queue.requeue(ids, actor: "operator \(number)")
                        }
                        var count = 0
                        for id in ids.shuffled()
                        where try await fixture.stores.queue.requeue(id, actor: "operator \(number)") {
                            count += 1
                        }
                        return count
                    }
                }
                for _ in 0..<2 {
                    group.addTask {
                        let router = fixture.router()
                        while try await fixture.number("SELECT count(*) FROM leads WHERE matched_rule_id IS NOT NULL")
                            < 40
                        {
                            try Task.checkCancellation()
                            _ = try await router.drain(limit: 100, batch: 5)
                        }
                        return 0
                    }
                }
                group.addTask {
                    let twins = (0..<40).map { (lead: Samples.lead($0, industry: "farming"), source: Samples.rival) }
                    let outcomes = try await fixture.intake(leadsInBatch: 8).submit(batch: twins)
                    for outcome in outcomes { #expect(try outcome.get().isDuplicate) }
                    return 0
                }
                return try await group.reduce(0, +)
            }
            #expect(requeued == 40)
            let west = "workspace_id = '\(Samples.west.text)' AND source_workspace_id = '\(Samples.partner.text)'"
            #expect(try await fixture.number("SELECT count(*) FROM leads WHERE \(west)") == 40)
            let stories = try await fixture.run(
                """
                SELECT g.story, count(*) FROM (
                    SELECT string_agg(routing_result, ' ' ORDER BY created_at, id) AS story
                    FROM lead_routing_logs GROUP BY lead_id) g
                GROUP BY 1 ORDER BY 1
                """
            )
            #expect(stories == [["duplicate", "40"], ["unmatched requeued success", "40"]])
            #expect(try await fixture.number("SELECT count(*) FROM lead_attributions") == 40)
            #expect(try await fixture.number("SELECT count(*) FROM lead_routing_queue") == 0)
        }
    }
}
