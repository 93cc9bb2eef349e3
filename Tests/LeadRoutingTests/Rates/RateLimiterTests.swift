import FoundationEssentials
import LeadStore
import Postgres
import Synchronization
import Testing

@testable import LeadRouting

/// Limits hold across nodes, and cost no statement for a request.
struct RateLimiterTests {
    /// Two nodes with one database grant, together, not more than the limit and a tenth of it for each.
    @Test func limitHoldsAcrossNodes() async throws {
        try await RoutingFixture.with { fixture in
            let limit = 200
            try await fixture.stores.quotas.set([.requestsPerMinute: limit], of: Samples.partner)
            let subject = RateSubject(.workspace, Samples.partner)
            // One window, whatever the machine's speed.
            try await fixture.waitForRoomInMinute()
            let nodes = (0..<2).map { _ in RateLimiter(source: fixture.stores.rates) }
            let granted = await withTaskGroup(of: Int.self) { group in
                for node in nodes {
                    for _ in 0..<8 {
                        group.addTask {
                            var count = 0
                            for _ in 0..<60 { count += await node.take(of: subject) ? 1 : 0 }
                            return count
                        }
                    }
                }
                return await group.reduce(0, +)
            }
            // Some tokens may be held by a node whose requests are over.
            #expect(granted >= limit * 8 / 10)
            #expect(granted <= limit + 2 * limit / 10)
            for node in nodes { #expect(node.reading(of: subject)?.limit == Int64(limit)) }
        }
    }

    /// A thousand requests of many keys: some statements.
    @Test func requestsNeedNoStatement() async throws {
        let source = CountingSource()
        let limiter = RateLimiter(source: source)
        for number in 0..<5000 {
            #expect(await limiter.take(of: RateSubject(.key, .sample(UInt8(number % 50)))))
        }
        #expect((1...60).contains(source.count.load(ordering: .relaxed)))
    }

    /// Waiting requests are answered when the database fails.
    @Test func outageRefusesNothing() async throws {
        let source = CountingSource(fails: true)
        var usual = UsualRates()
        usual.leads = 100
        let limiter = RateLimiter(source: source, usual: usual)
        #expect(await limiter.take(60, of: RateSubject(.leads, .sample(1))))
        #expect(await limiter.take(40, of: RateSubject(.leads, .sample(1))))
        #expect(await limiter.take(1, of: RateSubject(.leads, .sample(1))) == false)
    }
}

/// Leases without a database; counts statements.
private final class CountingSource: RateSource {
    let count = Atomic(0)
    private let fails: Bool

    init(fails: Bool = false) { self.fails = fails }

    func lease(_ asks: [RateAsk], node: UUID, seconds: Int32) async throws -> [RateLease] {
        count.add(1, ordering: .relaxed)
        if fails { throw CancellationError() }
        return asks.map {
            RateLease(
                subject: $0.subject,
                window: Timestamp(microsecondsSinceUnixEpoch: 0),
                left: .seconds(60),
                limit: $0.usualLimit,
                tokens: max($0.need, $0.want),
                free: $0.usualLimit / 2
            )
        }
    }
}

extension RoutingFixture {
    /// Waits while the database's minute is about to end.
    func waitForRoomInMinute() async throws {
        try await run(
            "SELECT pg_sleep(61 - s) FROM (SELECT extract(second FROM clock_timestamp()) AS s) x WHERE s > 45"
        )
    }
}
