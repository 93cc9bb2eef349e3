import FoundationEssentials
import RoutingRules
import Testing

/// When a batch may be decided without locking the counters.
@Suite("Remaining capacity")
struct RoomTests {
    private static let caps = [Cap(per: .day, limit: 12), Cap(per: .total, limit: 30)]

    private func rules(_ method: Pool.Method, caps: [Cap] = caps) -> CompiledRuleSet {
        var rule = Samples.rule(50, of: nil, to: 2, priority: 5)
        rule.distribution = Distribution(
            pool: Pool(
                method,
                members: [
                    .init(workspaceID: Samples.id(2), caps: [Cap(per: .hour, limit: 7)]),
                    .init(workspaceID: Samples.id(3)),
                ]
            ),
            caps: caps
        )
        return Samples.ruleSet(
            (1...4).map { Samples.workspace($0) },
            [rule, Samples.rule(51, of: nil, to: 4, priority: 1)]
        )
    }

    @Test(
        "Turns, loads and sticky keys need more than remaining capacity",
        arguments: [
            (Pool.Method.inOrder, true), (.roundRobin, false), (.weighted, false), (.leastLoaded, false),
        ]
    )
    func kinds(method: Pool.Method, asksOnlyForRoom: Bool) {
        let request = rules(method).stateRequest(for: [(Lead(), Samples.id(1))])
        #expect(request.asksOnlyForRoom == asksOnlyForRoom)
        #expect(!request.keys.isEmpty)
    }

    /// The counters grow between the read and the commit: the decisions stay the same.
    @Test("A batch below every cap is decided the same with higher counts", arguments: 1...40)
    func largerNumbers(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let rules = rules(.inOrder)
        let leads = (0..<Int.random(in: 1...5, using: &random)).map { _ in Lead() }
        let request = rules.stateRequest(for: leads.map { ($0, Samples.id(1)) })
        var seen = RoutingState()
        for key in request.keys {
            seen.amounts[key.key] = .init(Int64.random(in: 0...(key.limit ?? 0), using: &random))
        }
        var state = seen
        let decisions = leads.map { rules.decide($0, from: Samples.id(1), in: &state).outcome }
        guard state.hasUsedUpNothing(of: request, since: seen) else { return }
        var later = seen
        for key in request.keys {
            guard let limit = key.limit, let before = seen.amounts[key.key]?.value, before < limit else { continue }
            let taken = (state.amounts[key.key]?.value ?? 0) - before
            later.amounts[key.key] = .init(Int64.random(in: before...(limit - max(taken, 1)), using: &random))
        }
        #expect(leads.map { rules.decide($0, from: Samples.id(1), in: &later).outcome } == decisions)
    }

    @Test("The last place needs a lock; full destinations do not")
    func theLastPlace() {
        let rules = rules(.inOrder)
        let request = rules.stateRequest(for: [(Lead(), Samples.id(1))])
        func usesUpNothing(_ taken: Int64) -> Bool {
            var seen = RoutingState()
            for key in request.keys { seen.amounts[key.key] = .init(key.limit == 12 ? taken : 0) }
            var state = seen
            _ = rules.decide(Lead(), from: Samples.id(1), in: &state)
            return state.hasUsedUpNothing(of: request, since: seen)
        }
        #expect(usesUpNothing(10))
        #expect(!usesUpNothing(11))
        #expect(usesUpNothing(12))
        // A missing counter must be created.
        #expect(!RoutingState().hasUsedUpNothing(of: request, since: RoutingState()))
    }
}
