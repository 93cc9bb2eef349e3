import FoundationEssentials
import JSON
package import Logging
package import Outbound
import Postgres
import ServiceLifecycle

/// The address and the key of a Datadog account.
package struct DatadogAccount: Sendable {
    /// The API key.
    package let key: Secret
    /// `https://api.SITE`, or another address for tests and proxies.
    package let address: OutboundAddress
    /// The tags of every metric and event.
    package let tags: [String]

    /// An account.
    package init(key: Secret, address: OutboundAddress, tags: [String]) {
        self.key = key
        self.address = address
        self.tags = tags
    }

    /// The same account, with an additional tag.
    package func tagged(_ tag: String) -> DatadogAccount {
        DatadogAccount(key: key, address: address, tags: tags + [tag])
    }

    func request(_ path: String, _ body: [UInt8]) -> OutboundRequest {
        let base = address.text.hasSuffix("/") ? String(address.text.dropLast()) : address.text
        return OutboundRequest(
            "POST",
            base + path,
            headers: [HeaderField("Content-Type", "application/json"), HeaderField("DD-API-KEY", key.exposed)],
            body: body,
            timeout: .seconds(5)
        )
    }
}

/// Sends the metrics of this node to Datadog every fifteen seconds.
///
/// It reads existing counters; no lead waits for it. While Datadog cannot be reached, requests are queued up to a
/// limit; then the oldest are dropped, and the log reports how many.
package struct DatadogReporter: Service {
    private let account: DatadogAccount
    private let metrics: NodeMetrics
    private let transport: any HTTPTransport
    private let logger: Logger

    static let interval: Int64 = 15
    /// The most queued requests: a quarter of an hour.
    static let bound = 60
    /// The most series in a request: some 100 KB.
    static let batch = 500

    /// A reporter.
    package init(account: DatadogAccount, metrics: NodeMetrics, transport: any HTTPTransport, logger: Logger) {
        self.account = account
        self.metrics = metrics
        self.transport = transport
        self.logger = logger
    }

    /// Reports until the graceful shutdown, and once more then.
    package func run() async throws {
        var backlog = DatadogBacklog()
        while !Task.isCancelled, !Task.isShuttingDownGracefully {
            await cancelWhenGracefulShutdown { try? await Task.sleep(for: .seconds(Self.interval)) }
            await report(&backlog)
        }
    }

    /// Adds the changes since the last report, and sends the queue.
    func report(_ backlog: inout DatadogBacklog) async {
        await metrics.refresh()
        let now = Int64(Date().timeIntervalSince1970)
        let points = backlog.series.points(metrics.registry, at: now, interval: Self.interval, tags: account.tags)
        backlog.add(points)
        if backlog.dropped > 0 {
            logger.warning("metrics for Datadog were dropped", metadata: ["datadog.requests": "\(backlog.dropped)"])
            backlog.dropped = 0
        }
        while let body = backlog.bodies.first {
            guard await post(body) else { return }
            backlog.bodies.removeFirst()
        }
    }

    /// Whether it is settled: accepted, or refused permanently.
    private func post(_ body: [UInt8]) async -> Bool {
        do {
            try await transport.deliver(account.request("/api/v2/series", body))
            return true
        } catch let failure as DeliveryFailure {
            logger.log(
                level: failure.isWorthRepeating ? .info : .warning,
                "Datadog did not accept metrics",
                metadata: ["error": "\(failure)"]
            )
            return !failure.isWorthRepeating
        } catch {
            return false
        }
    }
}

/// The queue of requests to Datadog.
struct DatadogBacklog: Sendable {
    var series = DatadogSeries()
    /// Complete requests, oldest first.
    var bodies: [[UInt8]] = []
    /// How many were dropped since the last report.
    var dropped = 0

    /// Adds requests with these points; drops the oldest if there are too many.
    mutating func add(_ points: [DatadogSeries.Point]) {
        for start in stride(from: 0, to: points.count, by: DatadogReporter.batch) {
            let part = Array(points[start..<min(points.count, start + DatadogReporter.batch)])
            bodies.append(
                JSONWriter.bytes(capacity: part.count * 256) { writer in
                    writer.object { writer in
                        writer.key("series")
                        writer.array(part) { $1.write(to: &$0) }
                    }
                }
            )
        }
        let surplus = bodies.count - DatadogReporter.bound
        if surplus > 0 {
            bodies.removeFirst(surplus)
            dropped += surplus
        }
    }
}

/// Datadog's event stream: every alert, when it fires and when it is resolved.
package struct DatadogTarget: AlertTarget {
    private let account: DatadogAccount
    private let transport: any HTTPTransport

    /// An account's events.
    package init(account: DatadogAccount, transport: any HTTPTransport) {
        self.account = account
        self.transport = transport
    }

    package var name: String { "datadog" }

    package func accepts(_ severity: AlertRule.Severity) -> Bool { true }

    package func send(_ message: AlertMessage) async throws {
        let kind =
            switch (message.kind, message.severity) {
            case (.resolved, _): "success"
            case (.test, _), (_, .info): "info"
            case (_, .warning): "warning"
            case (_, .critical): "error"
            }
        let tags = account.tags + ["alert:\(message.alert)", "severity:\(message.severity.rawValue)"]
        let event: JSONValue = [
            "title": .string(message.title), "text": .string("\(message.detail)\nRunbook: \(message.runbook)"),
            "alert_type": .string(kind), "aggregation_key": .string("switchyard:\(message.alert):\(message.episode)"),
            "date_happened": JSONValue(message.time.microsecondsSinceUnixEpoch / 1_000_000),
            "source_type_name": "switchyard", "tags": .array(tags.map(JSONValue.string)),
        ]
        try await transport.deliver(account.request("/api/v1/events", event.bytes))
    }
}
