package import Logging
package import Outbound
import ServiceLifecycle
import Synchronization

/// The address of a trace collector, and the origin of the spans.
package struct TraceCollector: Sendable {
    /// The OTLP address; usually ends in `/v1/traces`.
    package let url: String
    /// Additional headers of each request; may hold keys.
    package let headers: [(name: String, value: Secret)]
    /// `service.name`, `service.version` and others.
    package let resource: [(key: String, value: String)]
    /// The version of this server.
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

/// Sends spans to an OpenTelemetry collector by OTLP over HTTP, in batches, asynchronously.
///
/// No caller waits for it. Spans are queued up to a limit while the collector cannot be reached; then new spans are
/// dropped and counted. The limits are those of OpenTelemetry's batch processor.
package final class SpanExporter: Service {
    /// The most queued spans.
    static let bound = 2048
    /// The most spans in a request.
    static let batch = 512
    /// How long a span waits for others.
    static let pause = Duration.seconds(5)

    private struct State {
        var queue: [FinishedSpan] = []
        var dropped: UInt64 = 0
        var reported: UInt64 = 0
    }

    private let state = Mutex(State())
    private let collector: TraceCollector
    private let transport: any HTTPTransport
    private let logger: Logger

    /// An exporter; `sender` must not be traced itself, or each request would create another span.
    package init(collector: TraceCollector, transport: any HTTPTransport, logger: Logger) {
        self.collector = collector
        self.transport = transport
        self.logger = logger
    }

    /// Queues a finished span; returns at once.
    package func take(_ span: FinishedSpan) {
        state.withLock { state in
            if state.queue.count < Self.bound { state.queue.append(span) } else { state.dropped += 1 }
        }
    }

    /// How many spans were dropped since the start.
    package var dropped: UInt64 { state.withLock { $0.dropped } }

    /// Sends until the graceful shutdown, and once more then.
    package func run() async throws {
        while !Task.isCancelled, !Task.isShuttingDownGracefully {
            await cancelWhenGracefulShutdown { try? await Task.sleep(for: Self.pause) }
            await sendAll()
        }
    }

    /// Sends the queue; stops at the first request that must be retried, and keeps it.
    func sendAll() async {
        while true {
            let spans = state.withLock { Array($0.queue.prefix(Self.batch)) }
            guard !spans.isEmpty, await send(spans) else { break }
            state.withLock { $0.queue.removeFirst(spans.count) }
        }
        let lost = state.withLock { state in
            defer { state.reported = state.dropped }
            return state.dropped - state.reported
        }
        if lost > 0 {
            logger.warning(
                "spans were dropped because the queue is full",
                metadata: ["spans": "\(lost)"]
            )
        }
    }

    /// Whether it is settled: accepted, or refused permanently.
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
                "the collector did not accept spans",
                metadata: ["error": "\(failure)", "spans": "\(spans.count)"]
            )
            return !failure.isWorthRepeating
        } catch {
            return false
        }
    }
}
