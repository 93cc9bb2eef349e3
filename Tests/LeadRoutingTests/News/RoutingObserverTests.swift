import FoundationEssentials
import LeadStore
import RoutingRules
import Synchronization
import Testing

@testable import LeadRouting

/// Keeps what it is told.
final class Notes: RoutingObserver {
    private let state = Mutex<[RoutingNews]>([])
    var news: [RoutingNews] { state.withLock { $0 } }
    func observe(_ news: [RoutingNews]) { state.withLock { $0 += news } }
}

@Suite struct RoutingObserverTests {
    @Test func theIntakeTellsOfRoutedLeadsAndDuplicatesOnce() async throws {
        let notes = Notes()
        // The first statement's outcome is unknown; its leads are told of once all the same.
        let intake = LeadIntake(
            store: ModelStore([.writeAndLose]),
            rules: RuleSetCache(source: FakeRules()),
            clock: ImmediateClock(),
            observer: notes,
            logger: Samples.quiet
        )
        let first = try await intake.submit(Samples.lead(1), from: Samples.partner)
        let second = try await intake.submit(Samples.lead(1), from: Samples.rival)
        for _ in 0..<100_000 where notes.news.count < 2 { await Task.yield() }
        #expect(notes.news.map(\.kind) == [.routed, .duplicate])
        #expect(notes.news.map(\.leadID) == [first.leadID, second.leadID])
        #expect(notes.news.map(\.sourceWorkspaceID) == [Samples.partner, Samples.rival])
    }

    @Test func theRouterTellsOfWhatItSettles() async throws {
        let notes = Notes()
        let router = WaitingLeadRouter(
            queue: FakeWaiting(3),
            rules: RuleSetCache(source: FakeRules()),
            observer: notes
        )
        _ = try await router.routeDue(.new)
        #expect(notes.news.map(\.kind) == [.routed, .routed, .routed])
        #expect(notes.news.allSatisfy { $0.outcome?.destinationWorkspaceID == Samples.west })
    }

    @Test func whatWaitsIsNoNews() {
        let waiting = RoutingOutcome(leadID: Samples.west, status: .pending, reason: "")
        #expect(RoutingNews(waiting, source: Samples.partner) == nil)
        let failed = RoutingOutcome(leadID: Samples.west, status: .failed, reason: "")
        #expect(RoutingNews(failed, source: Samples.partner)?.kind == .failed)
    }
}
