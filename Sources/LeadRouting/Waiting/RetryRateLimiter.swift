import Synchronization

/// Limits the retries that a node routes a second, so that many of them do not slow down new leads.
///
/// A token bucket that fills evenly and holds the permits of one second. The limit is for each node: the database
/// receives the sum over all nodes.
package final class RetryRateLimiter: Sendable {
    private struct State {
        var permits: Double
        var filledAt: ContinuousClock.Instant
    }

    /// Retries a second, the default of `ROUTING_RETRY_RATE`.
    package static let standardRate = 1000

    private let rate: Double
    private let now: @Sendable () -> ContinuousClock.Instant
    private let sleep: @Sendable (Duration) async throws -> Void
    private let state: Mutex<State>

    /// A limiter with a full bucket.
    ///
    /// - Parameters:
    ///   - rate: retries a second, at least 1.
    ///   - now: returns the time; replaceable in tests.
    ///   - sleep: sleeps; replaceable in tests.
    package init(
        rate: Int = standardRate,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.rate = Double(max(rate, 1))
        self.now = now
        self.sleep = sleep
        state = Mutex(State(permits: Double(max(rate, 1)), filledAt: now()))
    }

    /// Takes up to `most` permits; may return 0.
    package func take(_ most: Int) -> Int {
        state.withLock { state in
            fill(&state)
            let taken = min(max(most, 0), Int(state.permits))
            state.permits -= Double(taken)
            return taken
        }
    }

    /// Returns unused permits.
    package func refund(_ count: Int) {
        state.withLock { $0.permits = min($0.permits + Double(count), rate) }
    }

    /// Waits until there are permits for a tenth of a second, so that batches do not become tiny.
    func wait() async throws {
        while let missing = missing() { try await sleep(.seconds(missing / rate)) }
    }

    private func missing() -> Double? {
        let enough = max(rate / 10, 1)
        return state.withLock { state in
            fill(&state)
            return state.permits < enough ? enough - state.permits : nil
        }
    }

    private func fill(_ state: inout State) {
        let now = now()
        let elapsed = (now - state.filledAt) / .seconds(1)
        state.permits = min(state.permits + elapsed * rate, rate)
        state.filledAt = now
    }
}
