import FoundationEssentials
import LeadStore
import Postgres
import RoutingRules
import Testing

@testable import LeadRouting

/// Changed rules route waiting leads that match them, promptly and once.
@Suite(.timeLimit(.minutes(5))) struct WaitingReviewTests {
    /// A rule of a higher priority, by default for all leads.
    private func newRule(
        _ fixture: RoutingFixture,
        id: UInt8 = 31,
        _ set: (inout RuleChange) -> Void = { _ in }
    ) async throws {
        var rule = RuleChange()
        rule.name = "New"
        rule.priority = 100
        rule.destinationWorkspaceID = Samples.east
        set(&rule)
        _ = try await fixture.stores.rules.create(id: .sample(id), owner: nil, rule, as: .administrator)
    }

    private func count(_ fixture: RoutingFixture, in workspace: UUID) async throws -> Int {
        try await fixture.number("SELECT count(*) FROM leads WHERE workspace_id = '\(workspace.text)'")
    }

    /// Makes the second review due, by the clock.
    private func later(_ fixture: RoutingFixture) async throws {
        try await fixture.run("UPDATE switchyard.waiting_reviews SET reviewed_at = reviewed_at - interval '10 seconds'")
    }

    /// Sixty leads wait for a full rule; a new rule takes those that match it.
    ///
    /// Four nodes review and route at once, and others publish repeatedly: each lead is routed once, and other waiting
    /// leads are unchanged.
    @Test func newRuleReleasesMatchingLeads() async throws {
        try await RoutingFixture.with(connections: 16) { fixture in
            try await fixture.distribute(Distribution(caps: [Cap(per: .total, limit: 1)], whenFull: .wait))
            let intake = fixture.intake(leadsInBatch: 16)
            for number in 0..<61 {
                var lead = Samples.lead(number)
                lead.companySize = number % 3 == 0 ? "11-50" : "1-10"
                _ = try await intake.submit(lead, from: Samples.partner)
            }
            #expect(
                try await fixture.number("SELECT count(*) FROM lead_routing_queue WHERE waiting_for IS NOT NULL") == 60
            )
            try await newRule(fixture) { $0.conditions = RuleConditions(companySizes: ["11-50"]) }
            let moved = try await withThrowingTaskGroup(of: Int.self) { group in
                for node in 0..<4 {
                    let router = fixture.router()
                    group.addTask {
                        var moved = 0
                        for round in 0..<6 {
                            try await router.rules.poll()
                            moved += try await router.reviewWaiting()
                            _ = try await router.routeDue(.new, limit: 7)
                            // Another change of the rules, during the review.
                            if node == 0, round < 2 {
                                try await newRule(fixture, id: UInt8(40 + round)) { $0.priority = -5 }
                            }
                        }
                        return moved
                    }
                }
                return try await group.reduce(0, +)
            }
            // No lead was made due needlessly, or twice.
            #expect(moved == 20)
            let router = fixture.router()
            while try await router.routeDue(.new, limit: 100).claimed > 0 {}
            #expect(try await count(fixture, in: Samples.east) == 20)
            #expect(
                try await fixture.number("SELECT count(*) FROM lead_routing_queue WHERE waiting_for IS NOT NULL") == 40
            )
            #expect(
                try await fixture.number("SELECT count(*) FROM lead_routing_logs WHERE routing_result = 'success'")
                    == 21
            )
            // A lead that still waits keeps its place in the queue.
            #expect(
                try await fixture.number(
                    "SELECT count(*) FROM lead_routing_queue WHERE waiting_for IS NOT NULL AND next_retry_at < 'infinity'"
                ) == 0
            )
        }
    }

    /// While one node reviews, the others do not: it holds a row lock, which is released if it dies.
    @Test func oneNodeReviewsAtATime() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.distribute(Distribution(caps: [Cap(per: .total, limit: 0)], whenFull: .wait))
            _ = try await fixture.intake().submit(Samples.lead(1), from: Samples.partner)
            let router = fixture.router()
            try await newRule(fixture)
            try await router.rules.poll()
            struct Dead: Error {}
            await #expect(throws: Dead.self) {
                try await fixture.pool.withTransaction { connection in
                    _ = try await connection.simple("SELECT FROM switchyard.waiting_reviews FOR UPDATE")
                    #expect(try await router.reviewWaiting() == 0)
                    throw Dead()
                }
            }
            #expect(try await router.reviewWaiting() == 1)
        }
    }

    /// A running loop does this automatically.
    @Test func loopReviewsWaitingLeads() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.distribute(Distribution(caps: [Cap(per: .total, limit: 0)], whenFull: .wait))
            let lead = try await fixture.intake().submit(Samples.lead(1), from: Samples.partner)
            #expect(lead.status == .pending)
            let router = fixture.router()
            let loop = WaitingLeadLoop(router: router, rules: router.rules, workers: 1, logger: Samples.quiet)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await loop.run() }
                try await newRule(fixture)
                while try await count(fixture, in: Samples.east) == 0 { try Task.checkCancellation() }
                group.cancelAll()
            }
        }
    }

    /// A batch in progress decided by the previous rules, and commits after the first review: the second review covers
    /// it, and does not start before the batch has ended.
    @Test func leadInFlightDuringRuleChangeIsReviewedAgain() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.distribute(Distribution(caps: [Cap(per: .total, limit: 0)], whenFull: .wait))
            let router = fixture.router()
            _ = try await router.rules.current()
            let other = try await fixture.intake().submit(Samples.lead(1), from: Samples.partner).leadID
            try await fixture.pool.withTransaction { connection in
                _ = try await connection.simple(
                    """
                    INSERT INTO leads (id, workspace_id, email, company_industry)
                    VALUES ('\(UUID.sample(77).text)', '\(Samples.partner.text)', 'late@example.com', 'software');
                    UPDATE lead_routing_queue SET waiting_for = '\(Samples.westRule.text)', next_retry_at = 'infinity'
                    WHERE lead_id = '\(UUID.sample(77).text)'
                    """
                )
                try await newRule(fixture)
                try await router.rules.poll()
                #expect(try await router.reviewWaiting() == 1)
                try await later(fixture)
                #expect(try await router.reviewWaiting() == 0)
                #expect(
                    try await fixture.number("SELECT count(*) FROM switchyard.waiting_reviews WHERE horizon IS NULL")
                        == 0
                )
            }
            // Transactions of other databases of the server count as well, so it may take a moment.
            var moved = 0
            while moved == 0 {
                try Task.checkCancellation()
                try await later(fixture)
                moved = try await router.reviewWaiting()
            }
            #expect(moved == 1)
            #expect(
                try await fixture.number("SELECT count(*) FROM switchyard.waiting_reviews WHERE horizon IS NULL") == 1
            )
            _ = try await router.routeDue(.new, limit: 10)
            #expect(try await count(fixture, in: Samples.east) == 2)
            #expect(try await fixture.stores.leads.find(other, as: .administrator)?.workspaceID == Samples.east)
            // Finished: no review until the rules change.
            try await later(fixture)
            #expect(try await router.reviewWaiting() == 0)
        }
    }

    /// Unmatched leads that are to be retried become due early; those that failed otherwise use no attempt for it.
    @Test func reviewReleasesUnmatchedRetries() async throws {
        try await RoutingFixture.with { fixture in
            var change = WorkspaceChange()
            change.unmatchedPolicy = .retry
            _ = try await fixture.stores.workspaces.change(Samples.partner, change, as: .administrator)
            let intake = fixture.intake()
            for (number, industry) in ["farming", "mining", "farming"].enumerated() {
                _ = try await intake.submit(Samples.lead(number, industry: industry), from: Samples.partner)
            }
            try await fixture.run(
                "UPDATE lead_routing_queue SET last_error = 'The destination is gone.' WHERE lead_id = (SELECT max(id::text)::uuid FROM leads)"
            )
            try await newRule(fixture) { $0.conditions = RuleConditions(industries: ["farming"]) }
            let router = fixture.router()
            #expect(try await router.reviewWaiting() == 1)
            #expect(try await router.routeDue(.tried, limit: 10).routed == 1)
            #expect(try await count(fixture, in: Samples.east) == 1)
            #expect(try await fixture.number("SELECT max(attempt_number) FROM lead_routing_queue") == 1)
        }
    }

    /// Resuming a destination and changing a policy count as rule changes; pauses of routing stay in effect.
    @Test func resumedDestinationReleasesItsLeads() async throws {
        try await RoutingFixture.with { fixture in
            var paused = WorkspaceChange()
            paused.isPaused = true
            _ = try await fixture.stores.workspaces.change(Samples.west, paused, as: .administrator)
            try await newRule(fixture) {
                $0.priority = -1
                $0.distribution = Distribution(caps: [Cap(per: .total, limit: 0)], whenFull: .wait)
            }
            let lead = try await fixture.intake().submit(Samples.lead(1), from: Samples.partner)
            #expect(lead.status == .pending)
            let router = fixture.router()
            #expect(try await router.reviewWaiting() == 0)
            paused.isPaused = false
            _ = try await fixture.stores.workspaces.change(Samples.west, paused, as: .administrator)
            _ = try await fixture.stores.pauses.begin(of: Samples.partner, reason: nil, actor: "test")
            try await router.rules.poll()
            #expect(try await router.reviewWaiting() == 0)
            _ = try await fixture.stores.pauses.end(of: Samples.partner, actor: "test")
            try await router.rules.poll()
            #expect(try await router.reviewWaiting() == 1)
            _ = try await router.routeDue(.new, limit: 10)
            #expect(try await count(fixture, in: Samples.west) == 1)
        }
    }

    /// They are routed in the order in which they waited: the earliest gets the place.
    @Test func oldestWaitingLeadIsRoutedFirst() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.distribute(Distribution(caps: [Cap(per: .total, limit: 0)], whenFull: .wait))
            let intake = fixture.intake(leadsInBatch: 1)
            var leads: [UUID] = []
            for number in 0..<12 {
                leads.append(try await intake.submit(Samples.lead(number), from: Samples.partner).leadID)
            }
            try await newRule(fixture) { $0.distribution = Distribution(caps: [Cap(per: .total, limit: 3)]) }
            let router = fixture.router()
            #expect(try await router.reviewWaiting() == 12)
            // In sequence, by their due times.
            let due = try await fixture.run(
                "SELECT lead_id, count(*) OVER (PARTITION BY next_retry_at) FROM lead_routing_queue ORDER BY next_retry_at, lead_id"
            )
            #expect(due == leads.map { [$0.text, "1"] })
            while try await router.routeDue(.new, limit: 2).claimed > 0 {}
            let routed = try await fixture.run(
                "SELECT id FROM leads WHERE workspace_id = '\(Samples.east.text)' ORDER BY created_at, id"
            )
            #expect(Set(routed.map { $0[0] }) == Set(leads.prefix(3).map(\.text)))
            #expect(
                try await fixture.number("SELECT count(*) FROM lead_routing_queue WHERE waiting_for IS NOT NULL") == 9
            )
        }
    }
}
