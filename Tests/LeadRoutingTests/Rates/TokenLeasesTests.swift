import FoundationEssentials
import LeadStore
import Postgres
import Testing

@testable import LeadRouting

/// The tokens of a node, with the time as a parameter.
struct TokenLeasesTests {
    private let start = ContinuousClock.now
    private let key = RateSubject(.key, .sample(1))
    private let leads = RateSubject(.leads, .sample(2))

    private func leases(_ limit: Int64, capacity: Int = 10) -> TokenLeases {
        var usual = UsualRates()
        usual.key = limit
        usual.leads = limit
        usual.address = limit
        return TokenLeases(usual: usual, capacity: capacity)
    }

    private func lease(
        _ subject: RateSubject,
        _ limit: Int64,
        tokens: Int64,
        free: Int64,
        left: Duration = .seconds(60)
    )
        -> RateLease
    {
        RateLease(
            subject: subject,
            window: Timestamp(microsecondsSinceUnixEpoch: 0),
            left: left,
            limit: limit,
            tokens: tokens,
            free: free
        )
    }

    /// A node that has learnt the limit of a subject.
    private func known(_ limit: Int64, _ subject: RateSubject) -> TokenLeases {
        var leases = leases(limit * 3 + 3)
        #expect(leases.take(1, of: subject, at: start) == .unknown)
        #expect(leases.ask(at: start) == [RateAsk(subject, usualLimit: limit * 3 + 3, need: 1, want: 0)])
        leases.answer([lease(subject, limit, tokens: 0, free: limit)], askedAt: start, at: start)
        return leases
    }

    /// How many of so many single requests are granted.
    private func granted(_ leases: inout TokenLeases, _ count: Int, at now: ContinuousClock.Instant) -> Int {
        (0..<count).count { _ in leases.take(1, of: key, at: now) == .granted }
    }

    /// A subject that spends little asks once, for its limit, and once a minute later.
    @Test func littleSpendingAsksOnceInMinute() {
        var leases = known(1000, key)
        #expect(granted(&leases, 40, at: start) == 40)
        #expect(!leases.isDue)
        #expect(leases.ask(at: start).isEmpty)
        #expect(leases.reading(of: key, at: start)?.left == 960)
        #expect(leases.take(1, of: key, at: start.advanced(by: .seconds(61))) == .granted)
        #expect(leases.isDue)
    }

    /// Ahead of need: a node that spends much asks before its tokens are used up.
    @Test func muchSpendingAsksAheadOfNeed() {
        var leases = known(1000, key)
        #expect(granted(&leases, 60, at: start) == 60)
        var asks = leases.ask(at: start)
        #expect(asks.first?.spent == 60 && asks.first?.want == 120)
        // Nothing is refused while the answer is awaited, as long as a tenth of the limit is not exceeded.
        #expect(granted(&leases, 40, at: start) == 40)
        leases.answer([lease(key, 1000, tokens: 120, free: 820)], askedAt: start, at: start)
        // Of the lease, 40 are spent already.
        #expect(leases.reading(of: key, at: start)?.left == 900)
        #expect(granted(&leases, 20, at: start) == 20)
        #expect(leases.isDue)
        asks = leases.ask(at: start)
        #expect(asks.first?.spent == 60 && asks.first?.window != nil)
    }

    @Test func nothingIsLeft() {
        var leases = known(10, key)
        #expect(granted(&leases, 1, at: start) == 1)
        _ = leases.ask(at: start)
        leases.answer([lease(key, 10, tokens: 2, free: 0, left: .seconds(30))], askedAt: start, at: start)
        #expect(granted(&leases, 10, at: start) == 2)
        #expect(leases.take(1, of: key, at: start) == .refused)
        let reading = leases.reading(of: key, at: start)
        #expect(reading?.left == 0 && reading?.limit == 10)
        #expect((30...31).contains(reading?.seconds ?? 0))
        // Another node's tokens may have come back: it is asked again, once a second.
        _ = leases.ask(at: start)
        leases.answer([lease(key, 10, tokens: 0, free: 0)], askedAt: start, at: start)
        #expect(leases.take(1, of: key, at: start) == .refused && !leases.isDue)
        let later = start.advanced(by: .seconds(2))
        #expect(leases.take(1, of: key, at: later) == .refused && leases.isDue)
        #expect(leases.ask(at: later).first?.need == 1)
        leases.answer([lease(key, 10, tokens: 1, free: 0, left: .seconds(28))], askedAt: later, at: later)
        #expect(granted(&leases, 3, at: later) == 1)
        // The next window.
        #expect(granted(&leases, 1, at: later.advanced(by: .seconds(29))) == 1)
    }

    /// A limit of 0 allows nothing, and a request for more than the limit does not wait for a lease.
    @Test func extremesAreRefused() {
        var none = known(0, key)
        #expect(none.take(1, of: key, at: start) == .refused)
        var small = known(100, leads)
        #expect(small.take(101, of: leads, at: start) == .refused)
        #expect(small.take(50, of: leads, at: start) == .unknown)
        #expect(small.ask(at: start).first?.need == 50)
        small.answer([lease(leads, 100, tokens: 50, free: 50)], askedAt: start, at: start)
        #expect(small.take(50, of: leads, at: start) == .granted)
    }

    /// Tokens of a lease that has expired may be another node's.
    @Test func expiredLeaseIsNotSpent() {
        var leases = known(100, key)
        #expect(granted(&leases, 8, at: start) == 8)
        _ = leases.ask(at: start)
        leases.answer([lease(key, 100, tokens: 50, free: 42)], askedAt: start, at: start)
        let later = start.advanced(by: .seconds(Int64(TokenLeases.leaseSeconds)))
        #expect(granted(&leases, 50, at: later) == 10)
        #expect(leases.take(1, of: key, at: later) == .unknown)
    }

    /// What is not used is given back.
    @Test func idleLeaseIsGivenBack() {
        var leases = known(100, key)
        #expect(granted(&leases, 8, at: start) == 8)
        _ = leases.ask(at: start)
        leases.answer([lease(key, 100, tokens: 50, free: 42)], askedAt: start, at: start)
        let later = start.advanced(by: TokenLeases.reportInterval)
        #expect(leases.ask(at: later).map(\.want) == [0])
        leases.answer([lease(key, 100, tokens: 0, free: 92)], askedAt: later, at: later)
        #expect(!leases.isActive)
    }

    /// Leads of a day are reported, however few.
    @Test func leadsOfDayAreReported() {
        var leases = known(1_000_000, leads)
        #expect(leases.take(4, of: leads, at: start) == .granted)
        leases.giveBack(1, of: leads)
        #expect(leases.isActive && leases.ask(at: start).isEmpty)
        #expect(leases.ask(at: start.advanced(by: .seconds(2))).map(\.spent) == [3])
    }

    /// What is given back after it was reported as spent is taken back by the next report.
    @Test func reportedTokensAreGivenBack() {
        var leases = known(1_000_000, leads)
        #expect(leases.take(4, of: leads, at: start) == .granted)
        let later = start.advanced(by: TokenLeases.reportInterval)
        #expect(leases.ask(at: later).map(\.spent) == [4])
        leases.giveBack(4, of: leads)
        leases.answer([lease(leads, 1_000_000, tokens: 0, free: 999_996)], askedAt: later, at: later)
        #expect(leases.ask(at: later.advanced(by: TokenLeases.reportInterval)).map(\.spent) == [-4])
    }

    /// Without the database a node goes on, up to the limit of each window, and reports later.
    @Test func outageAllowsTheLimit() {
        var leases = known(100, key)
        #expect(granted(&leases, 8, at: start) == 8)
        let asks = leases.ask(at: start)
        leases.failed(asks, at: start)
        #expect(granted(&leases, 200, at: start) == 92)
        #expect(leases.take(1, of: key, at: start) == .refused)
        #expect(leases.ask(at: start).isEmpty)
        let later = start.advanced(by: .seconds(1))
        #expect(leases.ask(at: later).map(\.spent) == [100])
        leases.answer([lease(key, 100, tokens: 0, free: 0)], askedAt: later, at: later)
        #expect(leases.take(1, of: key, at: later) == .refused)
        #expect(granted(&leases, 1, at: later.advanced(by: .seconds(61))) == 1)
    }

    /// The number of subjects is bounded; those of ended windows make room.
    @Test func subjectsAreBounded() {
        var leases = leases(1, capacity: 10)
        for number in 1...20 {
            #expect(leases.take(1, of: RateSubject(.address, .sample(UInt8(number))), at: start) == .granted)
        }
        #expect(leases.count == 10)
        let later = start.advanced(by: .seconds(61))
        #expect(leases.take(1, of: RateSubject(.address, .sample(30)), at: later) == .granted)
        #expect(leases.count == 1)
    }
}
