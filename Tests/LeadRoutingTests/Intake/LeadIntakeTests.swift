import FoundationEssentials
import LeadStore
import Postgres
import RoutingRules
import Testing

@testable import LeadRouting

@Suite struct LeadIntakeTests {
    private func intake(
        _ store: ModelStore,
        rules: FakeRules = FakeRules(),
        limits: LeadIntake.Limits = .init()
    ) -> LeadIntake {
        LeadIntake(
            store: store,
            rules: RuleSetCache(source: rules),
            limits: limits,
            clock: ImmediateClock(),
            logger: Samples.quiet
        )
    }

    private let lost = PostgresError(.connectionLost, "The connection was lost.")

    /// Waits for a condition that other tasks fulfil, without sleeping.
    private func eventually(_ condition: () async -> Bool) async {
        for _ in 0..<100_000 {
            if await condition() { return }
            await Task.yield()
        }
        Issue.record("The condition never came true.")
    }

    @Test func submitReturnsDecision() async throws {
        let intake = intake(ModelStore())
        let routed = try await intake.submit(Samples.lead(1), from: Samples.partner)
        #expect(routed.status == .routed)
        #expect(routed.destinationWorkspaceID == Samples.west)
        #expect(routed.matchedRuleName(for: .administrator) == "Software")
        let kept = try await intake.submit(Samples.lead(2, industry: "farming"), from: Samples.partner)
        #expect(kept.destinationWorkspaceID == Samples.partner)
        #expect(kept.matchedRuleID == nil)
        let twin = try await intake.submit(Samples.lead(1), from: Samples.rival)
        #expect(twin.isDuplicate)
        #expect(twin.duplicateLeadID == routed.leadID)
        #expect(twin.destinationWorkspaceID == Samples.rival)
        #expect(twin.matchedRuleID == nil)
    }

    @Test func gathersLeadsWhileBatchCommits() async throws {
        let store = ModelStore()
        await store.close()
        let intake = intake(store)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<1000 {
                group.addTask { _ = try await intake.submit(Samples.lead(number), from: Samples.partner) }
            }
            await eventually { intake.backlog == 1000 }
            await eventually { await store.waiting == 2 }
            await store.open()
            try await group.waitForAll()
        }
        let sizes = await store.batches.map(\.count)
        #expect(sizes.reduce(0, +) == 1000)
        #expect(sizes.count <= 6)
        #expect(sizes.allSatisfy { $0 <= 512 })
    }

    /// While a batch is in progress another starts only for enough leads, or when the first one takes long.
    @Test(arguments: [7, 8]) func secondBatchNeedsEnoughLeads(behind count: Int) async throws {
        let store = ModelStore()
        await store.close()
        var limits = LeadIntake.Limits()
        limits.leadsForAnother = 8
        limits.beforeAnother = .seconds(1000)
        let intake = intake(store, limits: limits)
        let first = try intake.enqueue([(Samples.lead(0), Samples.partner)])
        await eventually { await store.waiting == 1 }
        let others = try (1...count).map { try intake.enqueue([(Samples.lead($0), Samples.partner)]) }
        if count >= 8 { await eventually { await store.waiting == 2 } }
        #expect(intake.statistics.batches == (count >= 8 ? 2 : 1))
        await store.open()
        for ticket in [first] + others { #expect(await ticket.outcomes().allSatisfy { (try? $0.get()) != nil }) }
        #expect(await store.batches.map(\.count) == [1, count])
    }

    @Test func slowBatchDoesNotBlockOthers() async throws {
        let store = ModelStore()
        await store.close()
        var limits = LeadIntake.Limits()
        limits.beforeAnother = .zero
        let intake = intake(store, limits: limits)
        let first = try intake.enqueue([(Samples.lead(0), Samples.partner)])
        await eventually { await store.waiting == 1 }
        let second = try intake.enqueue([(Samples.lead(1), Samples.partner)])
        await eventually { await store.waiting == 2 }
        await store.open()
        #expect(await first.outcomes().count + second.outcomes().count == 2)
    }

    /// A stream is not refused when the queue is full: it waits, and its leads keep their order.
    @Test func submitWaitsForQueueSpace() async throws {
        let store = ModelStore()
        await store.close()
        var limits = LeadIntake.Limits()
        limits.backlog = 3
        let intake = LeadIntake(
            store: store,
            rules: RuleSetCache(source: FakeRules()),
            limits: limits,
            logger: Samples.quiet
        )
        let first = try await intake.begin((0..<3).map { (Samples.lead($0), Samples.partner) })
        let second = Task { try await intake.begin((3..<6).map { (Samples.lead($0), Samples.partner) }).outcomes() }
        await eventually { await store.waiting == 1 }
        await store.open()
        #expect(await first.outcomes().count == 3)
        #expect(try await second.value.allSatisfy { (try? $0.get()) != nil })
        let stranger = await #expect(throws: IntakeError.self) { try await intake.begin([(Samples.lead(9), UUID())]) }
        #expect(stranger?.code == .unknownWorkspace)
    }

    @Test func fullQueueRefusesNewLeads() async throws {
        let store = ModelStore()
        await store.close()
        var limits = LeadIntake.Limits()
        limits.backlog = 3
        let intake = intake(store, limits: limits)
        let ticket = try intake.enqueue((0..<3).map { (Samples.lead($0), Samples.partner) })
        let refusal = await #expect(throws: IntakeError.self) {
            try await intake.submit(Samples.lead(9), from: Samples.partner)
        }
        #expect(refusal?.code == .overloaded)
        #expect(refusal?.retryAfter == .seconds(1))
        #expect(throws: IntakeError(.overloaded, retryAfter: .seconds(1))) {
            try intake.enqueue([(Samples.lead(9), Samples.partner)])
        }
        await store.open()
        #expect(await ticket.outcomes().count == 3)
        #expect(try await intake.submit(Samples.lead(9), from: Samples.partner).status == .routed)
    }

    @Test func changedRulesRedecideBatch() async throws {
        let rules = FakeRules()
        let store = ModelStore([.stale])
        let intake = intake(store, rules: rules)
        _ = try await intake.submit(Samples.lead(0, industry: "farming"), from: Samples.partner)
        await store.close()
        async let answer = intake.submit(Samples.lead(1), from: Samples.partner)
        await eventually { await store.waiting == 1 }
        rules.change(Samples.rules(version: 2, to: Samples.east))
        await store.open()
        // This store reports stale rules once, for the first lead; then it accepts the same rules.
        #expect(try await answer.destinationWorkspaceID == Samples.west)
        let other = ModelStore([.stale, .stale])
        let second = self.intake(other, rules: rules)
        #expect(try await second.submit(Samples.lead(2), from: Samples.partner).destinationWorkspaceID == Samples.east)
    }

    @Test func unsettledRulesQueueTheLead() async throws {
        let store = ModelStore(Array(repeating: .stale, count: 5))
        let outcome = try await intake(store).submit(Samples.lead(1), from: Samples.partner)
        #expect(outcome.status == .pending)
        #expect(await store.batches.last?.version == nil)
    }

    @Test func lostBatchIsRepeatedWithTheSameIDs() async throws {
        let store = ModelStore([.writeAndLose])
        let outcome = try await intake(store).submit(Samples.lead(1), from: Samples.partner)
        #expect(outcome.reason == "stored")
        #expect(await store.stored.count == 1)
        #expect(await store.batches.map(\.isRepeat) == [false, true])
    }

    @Test func lostBatchEndsAsUnknown() async throws {
        let store = ModelStore(Array(repeating: .fail(lost), count: 10_000))
        let refusal = await #expect(throws: IntakeError.self) {
            try await intake(store).submit(Samples.lead(1), from: Samples.partner)
        }
        #expect(refusal?.code == .outcomeUnknown)
        let away = PostgresError(.cannotConnect, "No connection.")
        let unreachable = ModelStore(Array(repeating: .fail(away), count: 10_000))
        let second = await #expect(throws: IntakeError.self) {
            try await intake(unreachable).submit(Samples.lead(1), from: Samples.partner)
        }
        #expect(second?.code == .unavailable)
        // A wrong password is not retried.
        let refused = PostgresError(.cannotConnect, sqlState: "28000", "No entry.")
        let locked = ModelStore([.fail(refused)])
        let third = await #expect(throws: IntakeError.self) {
            try await intake(locked).submit(Samples.lead(1), from: Samples.partner)
        }
        #expect(third?.description == "The database refuses this server's user name or password; nothing was stored.")
    }

    @Test(arguments: [1, 2, 100, 512]) func refusedLeadFailsAlone(count: Int) async throws {
        let store = ModelStore(poison: "person\(count / 2)@example.com")
        let results = try await intake(store).submit(batch: (0..<count).map { (Samples.lead($0), Samples.partner) })
        for (number, result) in results.enumerated() {
            if number == count / 2 {
                #expect(result == .failure(IntakeError(.rejected, sqlState: "22P02")))
            } else {
                #expect((try? result.get())?.status == .routed)
            }
        }
        #expect(await store.stored.count == count - 1)
    }

    @Test func releasedClaimDecidesTheLeadAgain() async throws {
        let store = ModelStore([.again, .again])
        let results = try await intake(store).submit(batch: (0..<3).map { (Samples.lead($0), Samples.partner) })
        #expect(results.allSatisfy { (try? $0.get())?.status == .routed })
    }

    @Test func unknownWorkspaceIsRefusedAfterRefresh() async throws {
        let rules = FakeRules()
        let store = ModelStore()
        let intake = intake(store, rules: rules)
        let refusal = await #expect(throws: IntakeError.self) {
            try await intake.submit(Samples.lead(1), from: UUID.sample(99))
        }
        #expect(refusal?.code == .unknownWorkspace)
        var snapshot = Samples.rules(version: 2)
        snapshot.workspaces[0].id = UUID.sample(99)
        rules.change(snapshot)
        #expect(try await intake.submit(Samples.lead(1), from: UUID.sample(99)).status == .routed)
    }

    @Test func stopFinishesAcceptedLeads() async throws {
        let store = ModelStore()
        await store.close()
        let intake = intake(store)
        let ticket = try intake.enqueue((0..<700).map { (Samples.lead($0), Samples.partner) })
        async let stopped: Void = intake.stop()
        var late: [BatchTicket] = []
        await eventually {
            guard let ticket = try? intake.enqueue([(Samples.lead(800 + late.count), Samples.partner)]) else {
                return true
            }
            late.append(ticket)
            return false
        }
        await store.open()
        await stopped
        #expect(await store.stored.count == 700 + late.count)
        #expect(await ticket.outcomes().count == 700)
        #expect(throws: IntakeError(.shuttingDown)) { try intake.enqueue([(Samples.lead(1), Samples.partner)]) }
    }

    /// Of the leads with one identity the first one submitted wins, whatever the batches.
    @Test(arguments: 0..<5) func firstDuplicateWins(seed: UInt64) async throws {
        var random = SeededGenerator(seed)
        let store = ModelStore(isBusy: true)
        var limits = LeadIntake.Limits()
        limits.leadsInBatch = 7
        let intake = intake(store, limits: limits)
        let leads = (0..<500).map { _ in Samples.lead(Int.random(in: 0..<100, using: &random)) }
        var first: [String: Int] = [:]
        for (index, lead) in leads.enumerated() where first[lead.email ?? ""] == nil { first[lead.email ?? ""] = index }
        var tickets: [BatchTicket] = []
        var start = 0
        while start < leads.count {
            let end = min(leads.count, start + Int.random(in: 1...40, using: &random))
            tickets.append(try intake.enqueue(leads[start..<end].map { ($0, Samples.partner) }))
            start = end
        }
        var outcomes: [RoutingOutcome] = []
        for ticket in tickets { outcomes += try await ticket.outcomes().map { try $0.get() } }
        for (index, lead) in leads.enumerated() {
            let winner = try #require(first[lead.email ?? ""])
            #expect(outcomes[index].isDuplicate == (winner != index))
            if winner != index { #expect(outcomes[index].duplicateLeadID == outcomes[winner].leadID) }
        }
    }
}
