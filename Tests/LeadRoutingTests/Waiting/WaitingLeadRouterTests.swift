import FoundationEssentials
import LeadStore
import RoutingRules
import Synchronization
import Testing

@testable import LeadRouting

/// Waiting leads in memory.
final class FakeWaiting: WaitingLeadClaiming {
    private let state: Mutex<(leads: [ClaimedLead], stale: Int, claims: Int, asked: [WaitingClaim.Kind])>

    init(_ count: Int, stale: Int = 0) {
        let leads = (0..<count)
            .map { number in
                ClaimedLead(
                    prepared: PreparedLead(id: UUID(), source: Samples.partner, lead: Samples.lead(number)),
                    attempts: 0
                )
            }
        state = Mutex((leads, stale, 0, []))
    }

    var claims: Int { state.withLock { $0.claims } }
    var asked: [WaitingClaim.Kind] { state.withLock { $0.asked } }

    func claimAndSettle(
        _ claim: WaitingClaim,
        maximumAttempts: Int,
        under rules: CompiledRuleSet
    ) async throws -> ClaimResult {
        let claimed: [ClaimedLead]? = state.withLock { state in
            state.claims += 1
            if state.stale > 0 {
                state.stale -= 1
                return nil
            }
            guard case .due(let kind, let limit) = claim else { return [] }
            state.asked.append(kind)
            let claimed = Array(state.leads.prefix(limit))
            state.leads.removeFirst(claimed.count)
            return claimed
        }
        guard let claimed else { return .stale }
        let assignments = claimed.map { Assignment(rules.decide($0.prepared.lead, from: $0.prepared.source)) }
        return .settled(
            zip(claimed, assignments).map { .init(lead: $0, assignment: $1, exception: nil) }
        )
    }

    func rulesWithWaitingLeads() async throws -> [UUID] { [] }
    func reviewWaiting(under rules: CompiledRuleSet) async throws -> WaitingReview { WaitingReview(isDone: true) }
    func peek(_ request: RoutingStateRequest) async throws -> RoutingState { RoutingState() }
    func outcomes(of ids: [UUID]) async throws -> [UUID: RoutingOutcome] { [:] }
    func lead(_ id: UUID, as access: Access) async throws -> LeadRecord? { nil }
}

@Suite struct WaitingLeadRouterTests {
    private func router(_ store: FakeWaiting, rules: FakeRules = FakeRules(), paused: Bool = false) -> WaitingLeadRouter
    {
        WaitingLeadRouter(queue: store, rules: RuleSetCache(source: rules), retriesPaused: paused)
    }

    @Test func drainsInBatchesUpToLimit() async throws {
        let store = FakeWaiting(1234)
        let first = try await router(store).drain(limit: 1100)
        #expect(first.claimed == 1100)
        #expect(first.routed == 1100)
        let rest = try await router(store).drain(limit: 10_000)
        #expect(rest.claimed == 134)
    }

    @Test func staleRulesAreReloaded() async throws {
        let store = FakeWaiting(3, stale: 2)
        #expect(try await router(store).routeDue(.new).routed == 3)
        #expect(store.claims == 3)
        await #expect(throws: RouteRefusal(code: .unsettled)) {
            try await router(FakeWaiting(3, stale: 100)).routeDue(.new)
        }
    }

    @Test func pausedRetriesLeaveNewLeadsAlone() async throws {
        let store = FakeWaiting(3)
        #expect(try await router(store, paused: true).routeDue(.tried).claimed == 0)
        #expect(try await router(store, paused: true).drain(limit: 10).routed == 3)
        #expect(store.asked.allSatisfy { $0 == .new })
    }

    @Test func invisibleLeadIsNotLocked() async throws {
        let store = FakeWaiting(1)
        await #expect(throws: RouteRefusal(code: .notFound)) {
            try await router(store).route(leadID: UUID(), as: .workspace(Samples.rival))
        }
        #expect(store.claims == 0)
    }

    @Test func cancellationEndsLoop() async throws {
        let store = FakeWaiting(5000)
        let rules = RuleSetCache(source: FakeRules())
        let loop = WaitingLeadLoop(
            router: WaitingLeadRouter(queue: store, rules: rules),
            rules: rules,
            clock: ImmediateClock(),
            logger: Samples.quiet
        )
        let task = Task { try await loop.run() }
        for _ in 0..<100_000 where store.claims < 15 { await Task.yield() }
        #expect(store.claims >= 12)
        task.cancel()
        try await task.value
    }
}
