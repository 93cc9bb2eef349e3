import LeadStore
import Synchronization
import Testing

@testable import LeadRouting

/// The rate limit of retries.
@Suite struct RetryRateLimiterTests {
    /// A clock that advances on request, or when a task sleeps on it.
    private final class ManualClock: Sendable {
        private let offset = Mutex(Duration.zero)
        private let start = ContinuousClock.Instant.now
        var now: ContinuousClock.Instant { start + offset.withLock { $0 } }
        func pass(_ duration: Duration) { offset.withLock { $0 += duration } }
    }

    private func limiter(_ rate: Int, _ clock: ManualClock) -> RetryRateLimiter {
        RetryRateLimiter(rate: rate, now: { clock.now }, sleep: { clock.pass($0) })
    }

    @Test func burstLastsOneSecondThenRate() {
        let clock = ManualClock()
        let limiter = limiter(100, clock)
        #expect(limiter.take(70) == 70)
        #expect(limiter.take(70) == 30)
        #expect(limiter.take(70) == 0)
        clock.pass(.milliseconds(250))
        #expect(limiter.take(70) == 25)
        clock.pass(.seconds(3600))
        #expect(limiter.take(1000) == 100)
    }

    @Test func returnedPermitsAreReused() {
        let limiter = limiter(100, ManualClock())
        #expect(limiter.take(100) == 100)
        limiter.refund(40)
        #expect(limiter.take(100) == 40)
        limiter.refund(1000)
        #expect(limiter.take(1000) == 100)
    }

    @Test func drainWaitsForTenthOfSecond() async throws {
        let clock = ManualClock()
        let limiter = limiter(100, clock)
        let start = clock.now
        #expect(limiter.take(100) == 100)
        try await limiter.wait()
        #expect(clock.now - start >= .milliseconds(100) && clock.now - start < .milliseconds(101))
        #expect(limiter.take(100) >= 9)
    }

    @Test func massRetryKeepsTheRate() async throws {
        let clock = ManualClock()
        let store = FakeWaiting(1000)
        let router = WaitingLeadRouter(
            queue: store,
            rules: RuleSetCache(source: FakeRules()),
            limiter: limiter(100, clock)
        )
        var claimed: [Int] = []
        for _ in 0..<3 {
            claimed.append(try await router.routeDue(.tried, limit: 500).claimed)
            clock.pass(.milliseconds(500))
        }
        #expect(claimed == [100, 50, 50])
        // New leads are not held up.
        #expect(try await router.routeDue(.new, limit: 500).claimed == 500)
        let start = clock.now
        #expect(try await router.drain(limit: 1000).claimed == 300)
        #expect(clock.now - start < .seconds(4))
    }
}
