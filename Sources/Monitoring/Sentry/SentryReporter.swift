import CivilTime
import FoundationEssentials
package import Logging
package import Outbound
import ServiceLifecycle
import Synchronization

/// Reports errors to Sentry: what is logged at `error` or above, with its context, in its own time.
///
/// Whoever logs does not wait. Of errors alike one a minute is reported, with how many were not; of all, the part that
/// is asked for; what is too much is dropped. It reports nothing about itself.
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

    /// Errors that may wait.
    static let bound = 100
    /// Of errors alike, one in this many seconds.
    static let pause = 60.0

    /// A reporter.
    ///
    /// - Parameters:
    ///   - dsn: where to.
    ///   - origin: where from.
    ///   - rate: which part of them, 0 to 1.
    ///   - transport: what sends.
    ///   - seconds: the time since 1970, for tests.
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

    /// Sends until the graceful shutdown; then what waits is sent once more.
    package func run() async throws {
        await withGracefulShutdownHandler {
            for await _ in self.wake.stream { await self.sendAll() }
        } onGracefulShutdown: {
            self.wake.continuation.yield()
            self.wake.continuation.finish()
        }
    }

    /// Sends what waits; what Sentry does not take is dropped, for the log has it.
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
