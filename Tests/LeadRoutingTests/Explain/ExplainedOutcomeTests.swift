import FoundationEssentials
import JSON
import LeadRouting
import LeadStore
import Postgres
import RoutingRules
import Testing

/// Decisions that depend on capacity and turns, repeated from stored rows: each gives the same result, and shows the
/// state of that time.
@Suite struct ExplainedOutcomeTests {
    private func explain(_ fixture: RoutingFixture, _ lead: UUID, decision: Int? = nil) async throws -> LeadExplanation
    {
        try #require(
            try await LeadExplainer(stores: fixture.stores).explain(lead, decision: decision, as: .administrator)
        )
    }

    private func makeRule(_ fixture: RoutingFixture, _ id: UInt8, _ set: (inout RuleChange) -> Void) async throws {
        var rule = RuleChange()
        rule.name = "Rule \(id)"
        rule.destinationWorkspaceID = Samples.east
        set(&rule)
        _ = try await fixture.stores.rules.create(id: .sample(id), owner: nil, rule, as: .administrator)
    }

    /// The explanation as shown to an engineer on call.
    private func screen(_ explanation: LeadExplanation) -> String {
        let text = explanation.text { "t\($0)" }
        #expect(text.split(separator: "\n", omittingEmptySubsequences: false).count <= 40, "\(text)")
        return text
    }

    @Test func explainsLeadThatWaitedForCapacity() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.distribute(Distribution(caps: [Cap(per: .total, limit: 2)], whenFull: .wait))
            try await makeRule(fixture, 31) {
                $0.priority = 5
                $0.conditions = RuleConditions(industries: ["software"], companySizes: ["11-50"])
            }
            let intake = fixture.intake()
            for number in 0..<2 { _ = try await intake.submit(Samples.lead(number), from: Samples.partner) }
            let lead = try await intake.submit(Samples.lead(2), from: Samples.partner).leadID
            let waiting = try await explain(fixture, lead)
            #expect(waiting.reproduction == .same && waiting.attempt?.result == "waiting")
            #expect(waiting.trace.decisive?.verdict == .waits)
            let told = screen(waiting)
            #expect(told.contains("“Software” had 2 of 2 in all"), "\(told)")
            #expect(told.contains("the lead waits for it"), "\(told)")
            #expect(told.contains("“Rule 31” would have matched if company size were 11-50"), "\(told)")
            // A second lead: it would wait even if there were capacity.
            let behind = try await intake.submit(Samples.lead(3), from: Samples.partner).leadID
            #expect(try await explain(fixture, behind).reproduction == .same)
            try await fixture.distribute(Distribution(caps: [Cap(per: .total, limit: 3)], whenFull: .wait))
            #expect(try await fixture.router().routeLeadsWaitingForCapacity().routed == 1)
            let moved = try await explain(fixture, lead)
            #expect(moved.attempts.map(\.result) == ["waiting", "success"])
            #expect(moved.reproduction == .same && moved.ruleSet.isCurrent)
            #expect(screen(moved).contains("“Software” had 2 of 3 in all"))
            let before = try await explain(fixture, lead, decision: 1)
            #expect(before.reproduction == .same && !before.ruleSet.isCurrent)
            #expect(before.trace.decisive?.verdict == .waits)
        }
    }

    @Test func explainsReturnedAndReroutedLead() async throws {
        try await RoutingFixture.with { fixture in
            try await makeRule(fixture, 31) {
                $0.priority = -1
                $0.distribution = Distribution(
                    pool: Pool(
                        .roundRobin,
                        members: [.init(workspaceID: Samples.west), .init(workspaceID: Samples.east)]
                    ),
                    caps: [Cap(per: .day, limit: 9)]
                )
            }
            let lead = try await fixture.intake().submit(Samples.lead(1), from: Samples.partner).leadID
            let returning = LeadReturn(stores: fixture.stores, rules: RuleSetCache(source: fixture.stores.ruleSets))
            let west = Access.workspace(Samples.west)
            _ = try await returning(lead, reason: "No budget", sendsOn: true, actor: "key-1", as: west)
            let sent = try await explain(fixture, lead)
            #expect(sent.attempts.map(\.result) == ["success", "success"])
            #expect(sent.reproduction == .same)
            #expect(sent.attempt?.destinationWorkspaceID == Samples.east)
            let told = screen(sent)
            #expect(told.contains("matched; skipped: its destination has returned this lead"), "\(told)")
            #expect(told.contains("requested by key-1"), "\(told)")
            #expect(try await explain(fixture, lead, decision: 1).reproduction == .same)
            _ = try await returning(lead, reason: "No fit", sendsOn: true, actor: "key-2", as: .workspace(Samples.east))
            let back = try await explain(fixture, lead)
            #expect(back.attempts.count == 2 && back.since?.result == "returned")
            #expect(back.reproduction == .same)
            #expect(screen(back).contains("Returned since by “0c” (key-2): No fit. It is in its source workspace."))
        }
    }

    @Test func explainsFallbackWithCap() async throws {
        try await RoutingFixture.with { fixture in
            var change = WorkspaceChange()
            change.unmatchedPolicy = .fallback(Samples.east)
            _ = try await fixture.stores.workspaces.change(Samples.partner, change, as: .administrator)
            try await fixture.bound(Samples.east, WorkspaceCapacity(caps: [Cap(per: .total, limit: 1)]))
            let intake = fixture.intake()
            var leads: [UUID] = []
            for number in 0..<2 {
                leads.append(
                    try await intake.submit(Samples.lead(number, industry: "mining"), from: Samples.partner).leadID
                )
            }
            let first = try await explain(fixture, leads[0])
            #expect(first.attempt?.result == "fallback" && first.reproduction == .same)
            #expect(screen(first).contains("sent to the fallback “0c”"))
            let second = try await explain(fixture, leads[1])
            #expect(second.attempt?.result == "unmatched" && second.reproduction == .same)
            #expect(screen(second).contains("is full (1 of 1 in all)"))
        }
    }

    @Test func explainsLeadThatExpiredWhileWaiting() async throws {
        try await RoutingFixture.with { fixture in
            let closed = WorkspaceCapacity(
                try #require(JSONValue(json: #"{"timeZone":"Europe/Berlin","hours":{}}"#))
            )
            try await fixture.bound(Samples.west, closed)
            try await fixture.distribute(Distribution(whenFull: .wait))
            let lead = try await fixture.intake().submit(Samples.lead(1), from: Samples.partner).leadID
            let waiting = try await explain(fixture, lead)
            #expect(waiting.reproduction == .same)
            #expect(screen(waiting).contains("“0b” was closed"))
            try await fixture.run("UPDATE leads SET lead_expires_at = now() - interval '1 minute'")
            try await fixture.run("SELECT mark_expired_leads()")
            let expired = try await explain(fixture, lead)
            #expect(expired.status == .expired && expired.reproduction == .same)
            #expect(screen(expired).contains("Expired since: it was not routed in time."))
        }
    }

    /// Pools of every method, caps, people, a rule that waits and one after it, ten leads at once, with returns and
    /// reviews between them: each decision in the log is repeated with the same result.
    @Test(arguments: [1 as UInt64, 2, 3]) func everyLoggedDecisionIsReproduced(seed: UInt64) async throws {
        try await RoutingFixture.with(connections: 16) { fixture in
            var random = SeededGenerator(seed)
            let members = [Samples.west, Samples.east, Samples.rival]
            let methods: [Pool.Method] = [.inOrder, .roundRobin, .weighted, .leastLoaded, .sticky]
            func pool() -> Pool {
                Pool(
                    methods.randomElement(using: &random) ?? .weighted,
                    stickyBy: Bool.random(using: &random) ? .company : .emailDomain,
                    members: members.map {
                        let caps = [Cap(per: .day, limit: Int64.random(in: 3...9, using: &random))]
                        return .init(
                            workspaceID: $0,
                            weight: Int64.random(in: 1...3, using: &random),
                            caps: Bool.random(using: &random) ? caps : []
                        )
                    }
                )
            }
            for (number, industry) in ["software", "farming", "mining"].enumerated() {
                let distribution = Distribution(
                    pool: pool(),
                    caps: [Cap(per: .hour, limit: 12)],
                    whenFull: number == 0 ? .wait : .nextRule
                )
                try await makeRule(fixture, UInt8(40 + number)) {
                    $0.priority = 10
                    $0.conditions = RuleConditions(industries: [industry])
                    $0.distribution = distribution
                }
            }
            try await fixture.bound(
                Samples.rival,
                WorkspaceCapacity(caps: [Cap(per: .week, limit: 10)], minimumScore: 20)
            )
            for id: UInt8 in 71...73 {
                var person = AssigneeChange()
                person.name = "P\(id)"
                person.caps = [Cap(per: .day, limit: 4)]
                _ = try await fixture.stores.assignees.create(
                    id: .sample(id),
                    of: Samples.west,
                    person,
                    as: .administrator
                )
            }
            let leads = (0..<60)
                .map { number in
                    var lead = Samples.lead(
                        number,
                        industry: ["software", "farming", "mining"].randomElement(using: &random)
                    )
                    lead.email = "p\(number)@c\(Int.random(in: 0...9, using: &random)).example"
                    lead.companyName = "Company \(Int.random(in: 0...9, using: &random))"
                    lead.metadata = #"{"score": \#(Int.random(in: 0...50, using: &random))}"#
                    return lead
                }
            let intakes = [fixture.intake(leadsInBatch: 5), fixture.intake(leadsInBatch: 5)]
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (number, lead) in leads.enumerated() {
                    group.addTask { _ = try await intakes[number % 2].submit(lead, from: Samples.partner) }
                }
                try await group.waitForAll()
            }
            let returning = LeadReturn(stores: fixture.stores, rules: RuleSetCache(source: fixture.stores.ruleSets))
            let some = try await fixture.run(
                "SELECT id FROM leads WHERE routing_status = 'routed' AND workspace_id <> source_workspace_id ORDER BY id LIMIT 10"
            )
            for row in some {
                let id = try #require(UUID(uuidString: row[0]))
                _ = try await returning(id, reason: nil, sendsOn: true, actor: "k", as: .administrator)
            }
            _ = try await fixture.router().routeLeadsWaitingForCapacity()
            var seen: [String: Int] = [:]
            for row in try await fixture.run("SELECT id FROM leads ORDER BY id") {
                let id = try #require(UUID(uuidString: row[0]))
                let last = try await explain(fixture, id)
                for number in last.attempts.indices {
                    let explanation = try await explain(fixture, id, decision: number + 1)
                    #expect(explanation.reproduction == .same, "\(screen(explanation))")
                    seen[explanation.attempt?.result ?? "", default: 0] += 1
                }
            }
            #expect(seen["success", default: 0] > 30 && seen["waiting", default: 0] > 0, "\(seen)")
        }
    }
}
