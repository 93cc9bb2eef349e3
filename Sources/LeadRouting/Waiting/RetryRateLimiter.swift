import Synchronization

/// How many retries a node routes a second, so that a herd of them leaves the database to new leads.
///
/// A bucket of permits that fills evenly and holds those of one second. What other nodes do is not counted: the database
/// sees as many times the rate as there are nodes.
package final class RetryRateLimiter: Sendable {
    private struct State {
        var permits: Double
        var filledAt: ContinuousClock.Instant
    }

    /// Retries a second, unless `ROUTING_RETRY_RATE` says otherwise.
    package static let standardRate = 1000

    private let rate: Double
    private let now: @Sendable () -> ContinuousClock.Instant
    private let sleep: @Sendable (Duration) async throws -> Void
    private let state: Mutex<State>

    /// A limiter with a full bucket.
    ///
    /// - Parameters:
    ///   - rate: retries a second, at least 1.
    ///   - now: the time; a test gives its own.
    ///   - sleep: what `wait()` waits by.
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

    /// Takes up to `most` permits; there may be none.
    package func take(_ most: Int) -> Int {
        state.withLock { state in
            fill(&state)
            let taken = min(max(most, 0), Int(state.permits))
            state.permits -= Double(taken)
            return taken
        }
    }

    /// Returns permits that turned out not to be needed.
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
