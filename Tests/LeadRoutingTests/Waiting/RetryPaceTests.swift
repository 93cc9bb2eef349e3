import LeadStore
import Synchronization
import Testing

@testable import LeadRouting

/// How many retries go a second.
@Suite struct RetryPaceTests {
    /// A time that moves when it is told to, or when somebody sleeps.
    private final class Hours: Sendable {
        private let offset = Mutex(Duration.zero)
        private let start = ContinuousClock.Instant.now
        var now: ContinuousClock.Instant { start + offset.withLock { $0 } }
        func pass(_ duration: Duration) { offset.withLock { $0 += duration } }
    }

    private func pace(_ rate: Int, _ hours: Hours) -> RetryPace {
        RetryPace(rate: rate, now: { hours.now }, sleep: { hours.pass($0) })
    }

    @Test func burstOfOneSecondThenTheRate() {
        let hours = Hours()
        let pace = pace(100, hours)
        #expect(pace.take(70) == 70)
        #expect(pace.take(70) == 30)
        #expect(pace.take(70) == 0)
        hours.pass(.milliseconds(250))
        #expect(pace.take(70) == 25)
        hours.pass(.seconds(3600))
        #expect(pace.take(1000) == 100)
    }

    @Test func returnedPermitsAreReused() {
        let pace = pace(100, Hours())
        #expect(pace.take(100) == 100)
        pace.giveBack(40)
        #expect(pace.take(100) == 40)
        pace.giveBack(1000)
        #expect(pace.take(1000) == 100)
    }

    @Test func drainWaitsForATenthOfASecond() async throws {
        let hours = Hours()
        let pace = pace(100, hours)
        let start = hours.now
        #expect(pace.take(100) == 100)
        try await pace.wait()
        #expect(hours.now - start >= .milliseconds(100) && hours.now - start < .milliseconds(101))
        #expect(pace.take(100) >= 9)
    }

    @Test func massRetryKeepsTheRate() async throws {
        let hours = Hours()
        let store = FakeWaiting(1000)
        let router = WaitingLeadRouter(queue: store, rules: RuleSetCache(source: FakeRules()), pace: pace(100, hours))
        var claimed: [Int] = []
        for _ in 0..<3 {
            claimed.append(try await router.routeDue(.tried, limit: 500).claimed)
            hours.pass(.milliseconds(500))
        }
        #expect(claimed == [100, 50, 50])
        // New leads are not held up.
        #expect(try await router.routeDue(.new, limit: 500).claimed == 500)
        let start = hours.now
        #expect(try await router.drain(limit: 1000).claimed == 300)
        #expect(hours.now - start < .seconds(4))
    }
}
