import CivilTime
import FoundationEssentials
package import Logging
package import Outbound
import ServiceLifecycle
import Synchronization

/// Reports errors to Sentry asynchronously: messages logged at `error` or above, with their context.
///
/// Logging never waits. Of similar errors one a minute is reported, with the number of the others; of all errors the
/// configured share; the queue is limited. It never reports its own errors.
package final class SentryReporter: ErrorReporter, Service {
    private struct State {
        var queue: [SentryEntry] = []
        var groups: [String: (reportedAt: Double, suppressed: Int)] = [:]
        var random = SystemRandomNumberGenerator()
    }

    private let state = Mutex(State())
    private let dsn: SentryDSN
    private let origin: SentryOrigin
    private let rate: Double
    private let transport: any HTTPTransport
    private let seconds: @Sendable () -> Double
    private let wake = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))

    /// The most queued errors.
    static let bound = 100
    /// The interval between reports of similar errors, in seconds.
    static let pause = 60.0

    /// A reporter.
    ///
    /// - Parameters:
    ///   - dsn: the Sentry project.
    ///   - origin: the origin of the errors.
    ///   - rate: the share of errors to report, 0 to 1.
    ///   - transport: sends requests.
    ///   - seconds: returns the time since 1970; replaceable in tests.
    package init(
        dsn: SentryDSN,
        origin: SentryOrigin,
        rate: Double,
        transport: any HTTPTransport,
        seconds: @escaping @Sendable () -> Double = { Date().timeIntervalSince1970 }
    ) {
        self.dsn = dsn
        self.origin = origin
        self.rate = rate
        self.transport = transport
        self.seconds = seconds
    }

    package func report(level: Logger.Level, message: String, metadata: [String: String]) {
        let now = seconds()
        let group = "\(message)|\(metadata["error.type"] ?? "")|\(metadata["function"] ?? "")"
        let isTaken = state.withLock { state in
            if let known = state.groups[group], now - known.reportedAt < Self.pause {
                state.groups[group]?.suppressed += 1
                return false
            }
            let suppressed = state.groups[group]?.suppressed ?? 0
            if state.groups.count >= 1000 {
                state.groups = state.groups.filter { now - $0.value.reportedAt < Self.pause }
            }
            guard state.groups.count < 1000 else { return false }
            state.groups[group] = (now, 0)
            guard rate >= 1 || Double.random(in: 0..<1, using: &state.random) < rate,
                state.queue.count < Self.bound
            else { return false }
            state.queue.append(
                SentryEntry(
                    time: now,
                    isCritical: level == .critical,
                    message: message,
                    metadata: metadata,
                    suppressed: suppressed
                )
            )
            return true
        }
        if isTaken { wake.continuation.yield() }
    }

    /// Sends until the graceful shutdown; then sends the queue once more.
    package func run() async throws {
        await withGracefulShutdownHandler {
            for await _ in self.wake.stream { await self.sendAll() }
        } onGracefulShutdown: {
            self.wake.continuation.yield()
            self.wake.continuation.finish()
        }
    }

    /// Sends the queue; errors that Sentry does not accept are dropped, because the log has them.
    func sendAll() async {
        while let entry = state.withLock({ $0.queue.isEmpty ? nil : $0.queue.removeFirst() }) {
            guard let request = try? request(entry), (try? await transport.send(request)) != nil else { continue }
        }
    }

    private func request(_ entry: SentryEntry) throws -> OutboundRequest {
        let id = UUID().uuidString.lowercased().filter { $0 != "-" }
        let sentAt = RFC3339.text(Int64(seconds() * 1_000_000))
        let event = SentryEvent(entry, id: id, origin: origin)
        return OutboundRequest(
            "POST",
            dsn.address.text,
            headers: [
                HeaderField("Content-Type", "application/x-sentry-envelope"),
                .init(
                    "X-Sentry-Auth",
                    "Sentry sentry_version=7, sentry_client=switchyard/\(origin.version), sentry_key=\(dsn.key.exposed)"
                ),
            ],
            body: event.envelope(sentAt: sentAt)
        )
    }
}
