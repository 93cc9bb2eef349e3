import JSON
package import Logging
package import Outbound
import ServiceLifecycle
import Synchronization

/// Sends events to Inngest asynchronously, in batches.
///
/// Callers do not wait. While Inngest cannot be reached, events are queued up to a limit; then they are dropped, and
/// the log reports how many.
package final class EventSender: Service {
    private struct State {
        var queue: EventQueue
        var isStopping = false
    }

    private enum Delivery { case taken, refused, notNow }

    private let state: Mutex<State>
    private let app: InngestApp
    private let settings: InngestSettings
    private let transport: any HTTPTransport
    private let clock: any Clock<Duration>
    private let logger: Logger
    private let wake = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))

    /// The most events in a request: about 100 KB.
    static let batchSize = 200
    private static let longestPause = Duration.seconds(30)

    /// A sender.
    ///
    /// - Parameters:
    ///   - client: the app and its settings.
    ///   - transport: sends requests.
    ///   - capacity: the most queued events.
    ///   - clock: measures the delays.
    ///   - logger: logs dropped events.
    package init(
        client: InngestClient,
        transport: any HTTPTransport,
        capacity: Int = 10_000,
        clock: any Clock<Duration> = .continuous,
        logger: Logger
    ) {
        state = Mutex(State(queue: EventQueue(capacity: capacity)))
        app = client.app
        settings = client.settings
        self.transport = transport
        self.clock = clock
        self.logger = logger
    }

    /// How many events are queued.
    package var waiting: Int { state.withLock { $0.queue.count } }

    /// Queues events; returns at once.
    package func send(_ events: [OutgoingEvent]) {
        guard !events.isEmpty else { return }
        state.withLock { $0.queue.append(events) }
        wake.continuation.yield()
    }

    /// Sends until the graceful shutdown; then tries the queue once more.
    package func run() async throws {
        await withGracefulShutdownHandler {
            await work()
        } onGracefulShutdown: {
            self.state.withLock { $0.isStopping = true }
            self.wake.continuation.yield()
        }
    }

    private func work() async {
        var wakes = wake.stream.makeAsyncIterator()
        var pause = Duration.milliseconds(500)
        while !Task.isCancelled {
            let (batch, dropped, isStopping) = state.withLock { state in
                (state.queue.batch(limit: Self.batchSize), state.queue.takeDropped(), state.isStopping)
            }
            if dropped > 0 { warn(of: dropped, "the queue is full") }
            guard !batch.isEmpty else {
                if isStopping { return }
                _ = await wakes.next()
                continue
            }
            let delivery = await deliver(batch)
            if delivery != .notNow {
                state.withLock { $0.queue.remove(batch.count) }
                pause = .milliseconds(500)
            } else if isStopping {
                warn(of: waiting, "the server is stopping")
                return
            } else {
                let jittered = pause * Double.random(in: 0.75...1.25)
                await cancelWhenGracefulShutdown { try? await self.clock.sleep(for: jittered) }
                pause = min(pause * 2, Self.longestPause)
            }
        }
    }

    private func deliver(_ batch: [OutgoingEvent]) async -> Delivery {
        let request = OutboundRequest(
            "POST",
            "\(settings.eventOrigin)/e/\(settings.eventKey?.text ?? "dev")",
            headers: app.headers(environment: settings.environmentName) + [
                HeaderField("Content-Type", "application/json")
            ],
            body: JSONValue.array(batch.map(\.json)).bytes,
            timeout: .seconds(5)
        )
        let status: Int
        do {
            status = try await transport.send(request).status
        } catch {
            logger.info("Inngest does not accept events now", metadata: ["error": "\(error)"])
            return .notNow
        }
        switch status {
        case 200..<300: return .taken
        case 400..<500 where status != 408 && status != 429:
            warn(of: batch.count, "Inngest refused them", status: status)
            return .refused
        default:
            logger.info("Inngest does not accept events now", metadata: ["inngest.status": "\(status)"])
            return .notNow
        }
    }

    private func warn(of count: Int, _ reason: String, status: Int? = nil) {
        var metadata: Logger.Metadata = ["inngest.events": "\(count)", "reason": "\(reason)"]
        if let status { metadata["inngest.status"] = "\(status)" }
        logger.warning("events for Inngest were dropped", metadata: metadata)
    }
}
