import RoutingRules
import Testing

@Suite("Retries")
struct RetryBackoffTests {
    @Test("1, 5, 15 and 60 minutes, then no more")
    func standard() {
        let delays = (1...6).map { RetryBackoff.standard.delay(afterAttempt: $0) }
        #expect(delays == [.seconds(60), .seconds(300), .seconds(900), .seconds(3600), nil, nil])
        #expect(RetryBackoff.standard.maximumAttempts == 5)
    }

    @Test("The last delay repeats, and nothing before the first attempt is one")
    func others() {
        let backoff = RetryBackoff(delays: [.seconds(1), .seconds(2)], maximumAttempts: 4)
        #expect(
            (0...4).map { backoff.delay(afterAttempt: $0) } == [
                .seconds(1), .seconds(1), .seconds(2), .seconds(2), nil,
            ]
        )
        #expect(RetryBackoff(delays: [], maximumAttempts: 4).delay(afterAttempt: 1) == nil)
    }
}
