import FoundationEssentials
import LeadStore
import RoutingRules
import Synchronization
import Testing

@testable import LeadRouting

/// Collects routing events.
final class RecordingObserver: RoutingObserver {
    private let state = Mutex<[RoutingEvent]>([])
    var events: [RoutingEvent] { state.withLock { $0 } }
    func observe(_ events: [RoutingEvent]) { state.withLock { $0 += events } }
}

@Suite struct RoutingObserverTests {
    @Test func intakeReportsRoutedLeadsAndDuplicatesOnce() async throws {
        let observer = RecordingObserver()
        // The outcome of the first statement is unknown; its leads are still reported once.
        let intake = LeadIntake(
            store: ModelStore([.writeAndLose]),
            rules: RuleSetCache(source: FakeRules()),
            clock: ImmediateClock(),
            observer: observer,
            logger: Samples.quiet
        )
        let first = try await intake.submit(Samples.lead(1), from: Samples.partner)
        let second = try await intake.submit(Samples.lead(1), from: Samples.rival)
        for _ in 0..<100_000 where observer.events.count < 2 { await Task.yield() }
        #expect(observer.events.map(\.kind) == [.routed, .duplicate])
        #expect(observer.events.map(\.leadID) == [first.leadID, second.leadID])
        #expect(observer.events.map(\.sourceWorkspaceID) == [Samples.partner, Samples.rival])
    }

    @Test func routerReportsSettledLeads() async throws {
        let observer = RecordingObserver()
        let router = WaitingLeadRouter(
            queue: FakeWaiting(3),
            rules: RuleSetCache(source: FakeRules()),
            observer: observer
        )
        _ = try await router.routeDue(.new)
        #expect(observer.events.map(\.kind) == [.routed, .routed, .routed])
        #expect(observer.events.allSatisfy { $0.outcome?.destinationWorkspaceID == Samples.west })
    }

    @Test func waitingLeadIsNotReported() {
        let waiting = RoutingOutcome(leadID: Samples.west, status: .pending, reason: "")
        #expect(RoutingEvent(waiting, source: Samples.partner) == nil)
        let failed = RoutingOutcome(leadID: Samples.west, status: .failed, reason: "")
        #expect(RoutingEvent(failed, source: Samples.partner)?.kind == .failed)
    }
}
