import JSON
import Logging
import Outbound
import Testing

@testable import Inngest

/// A clock whose sleeps return at once.
struct ImmediateClock: Clock {
    typealias Instant = ContinuousClock.Instant
    var now: Instant { ContinuousClock.now }
    var minimumResolution: Duration { .zero }
    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try Task.checkCancellation()
        await Task.yield()
    }
}

@Suite struct EventTests {
    private func events(_ count: Int) -> [OutgoingEvent] {
        (0..<count).map { OutgoingEvent(name: "lead/routing.routed", id: "\($0)", timestamp: 5, data: ["n": 1]) }
    }

    private func sender(_ inngest: FakeInngest, capacity: Int = 1000) throws -> EventSender {
        let settings = try InngestSettings(environment: ["INNGEST_EVENT_KEY": "key-1"])
        return EventSender(
            client: InngestClient(app: InngestApp(version: "1.2.3"), settings: settings, transport: inngest),
            transport: inngest,
            capacity: capacity,
            clock: ImmediateClock(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    private func run(_ sender: EventSender, until isDone: () -> Bool) async throws {
        let task = Task { try await sender.run() }
        for _ in 0..<1_000_000 where !isDone() { await Task.yield() }
        task.cancel()
        try await task.value
    }

    @Test func eventsAreSentInBatchesInOrder() async throws {
        let inngest = FakeInngest()
        let sender = try sender(inngest)
        sender.send(events(450))
        try await run(sender) { sender.waiting == 0 }
        #expect(inngest.requests.map { $0.json?.array?.count } == [200, 200, 50])
        #expect(inngest.requests.first?.url == "https://inn.gs/e/key-1")
        #expect(inngest.requests.first.map { "\($0)" }?.contains("key-1") == false)
        #expect(
            inngest.requests.first?.json?.array?.first == [
                "name": "lead/routing.routed", "data": ["n": 1], "id": "0", "ts": 5,
            ]
        )
    }

    @Test func senderRetriesDuringOutage() async throws {
        let inngest = FakeInngest([nil, .init(status: 503), .init(status: 429), .init(status: 200)])
        let sender = try sender(inngest)
        sender.send(events(3))
        try await run(sender) { sender.waiting == 0 }
        #expect(inngest.requests.count == 4)
        #expect(Set(inngest.requests.map(\.body)).count == 1)
    }

    @Test func refusedEventsDoNotBlockOthers() async throws {
        let inngest = FakeInngest([.init(status: 401)])
        let sender = try sender(inngest)
        sender.send(events(300))
        try await run(sender) { sender.waiting == 0 }
        #expect(inngest.requests.map { $0.json?.array?.count } == [200, 100])
    }

    @Test func queueIsBounded() {
        var queue = EventQueue(capacity: 5)
        queue.append(events(3))
        queue.append(events(4))
        #expect(queue.count == 5)
        #expect(queue.takeDropped() == 2)
        #expect(queue.takeDropped() == 0)
        #expect(queue.batch(limit: 2).map(\.id) == ["0", "1"])
        queue.remove(4)
        #expect(queue.batch(limit: 9).map(\.id) == ["1"])
    }
}
