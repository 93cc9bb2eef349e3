package import Logging
package import Outbound
import ServiceLifecycle
import Synchronization

/// Where spans go, and what is said of their origin.
package struct TraceCollector: Sendable {
    /// The address that takes `POST`s of OTLP: ends in `/v1/traces` as a rule.
    package let url: String
    /// Fields that go with each request; may hold keys.
    package let headers: [(name: String, value: Secret)]
    /// `service.name`, `service.version` and others.
    package let resource: [(key: String, value: String)]
    /// Our version.
    package let version: String

    /// A collector.
    package init(
        url: String,
        headers: [(name: String, value: Secret)] = [],
        resource: [(key: String, value: String)],
        version: String
    ) {
        self.url = url
        self.headers = headers
        self.resource = resource
        self.version = version
    }
}

/// Sends spans to an OpenTelemetry collector by OTLP over HTTP, in batches, in its own time.
///
/// Nobody waits for it. What is recorded while the collector is away is kept up to a bound; past it new spans are
/// dropped and counted. The numbers are those of OpenTelemetry's batch processor.
package final class SpanExporter: Service {
    /// Spans that may wait.
    static let bound = 2048
    /// Spans in one request.
    static let batch = 512
    /// How long a span waits for others.
    static let pause = Duration.seconds(5)

    private struct State {
        var queue: [FinishedSpan] = []
        var dropped: UInt64 = 0
        var told: UInt64 = 0
    }

    private let state = Mutex(State())
    private let collector: TraceCollector
    private let transport: any HTTPTransport
    private let logger: Logger

    /// An exporter; `transport` must not be traced itself, or each request would make another span.
    package init(collector: TraceCollector, transport: any HTTPTransport, logger: Logger) {
        self.collector = collector
        self.transport = transport
        self.logger = logger
    }

    /// Takes a span that is over; returns at once.
    package func take(_ span: FinishedSpan) {
        state.withLock { state in
            if state.queue.count < Self.bound { state.queue.append(span) } else { state.dropped += 1 }
        }
    }

    /// How many spans were lost since the start.
    package var dropped: UInt64 { state.withLock { $0.dropped } }

    /// Sends until the graceful shutdown, and once more then.
    package func run() async throws {
        while !Task.isCancelled, !Task.isShuttingDownGracefully {
            await cancelWhenGracefulShutdown { try? await Task.sleep(for: Self.pause) }
            await sendAll()
        }
    }

    /// Sends what waits; stops at the first request that should be repeated, and keeps it.
    func sendAll() async {
        while true {
            let spans = state.withLock { Array($0.queue.prefix(Self.batch)) }
            guard !spans.isEmpty, await send(spans) else { break }
            state.withLock { $0.queue.removeFirst(spans.count) }
        }
        let lost = state.withLock { state in
            defer { state.told = state.dropped }
            return state.dropped - state.told
        }
        if lost > 0 {
            logger.warning(
                "spans were dropped, because the collector did not take them in time",
                metadata: ["spans": "\(lost)"]
            )
        }
    }

    /// Whether it is settled: taken, or refused for good.
    private func send(_ spans: [FinishedSpan]) async -> Bool {
        let body = OTLPRequest.body(spans, resource: collector.resource, version: collector.version)
        do {
            try await transport.deliver(
                OutboundRequest(
                    "POST",
                    collector.url,
                    headers: [HeaderField("Content-Type", "application/json")]
                        + collector.headers.map { .init($0.name, $0.value.exposed) },
                    body: body
                )
            )
            return true
        } catch let failure as DeliveryFailure {
            logger.log(
                level: failure.isWorthRepeating ? .info : .warning,
                "the collector did not take spans",
                metadata: ["error": "\(failure)", "spans": "\(spans.count)"]
            )
            return !failure.isWorthRepeating
        } catch {
            return false
        }
    }
}
