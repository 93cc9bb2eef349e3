package import LeadStore
import Postgres

/// The limits of an installation for which a node knows no others.
package struct UsualRates: Sendable, Hashable {
    /// Requests of a key in a minute.
    package var key: Int64 = 60_000
    /// Requests of a workspace in a minute.
    package var workspace: Int64 = 120_000
    /// Requests of an address in a minute.
    package var address: Int64 = 240_000
    /// Leads of a workspace in a day.
    package var leads: Int64 = 10_000_000

    /// Failed sign-ins with one email address in 15 minutes: few enough for the six digits of a second factor.
    package var signIns: Int64 = 10

    /// The default limits.
    package init() {}

    func limit(_ policy: RatePolicy) -> Int64 {
        switch policy {
        case .key: key
        case .workspace: workspace
        case .address: address
        case .leads: leads
        case .signIns: signIns
        }
    }
}

/// A limit, and how much of it is left.
package struct RateReading: Sendable, Hashable {
    /// The policy.
    package var policy: RatePolicy
    /// The limit of a window.
    package var limit: Int64
    /// How much is left, as far as this node knows.
    package var left: Int64
    /// How many seconds the window lasts still, at least 1.
    package var seconds: Int64
}

/// The tokens of rate limits that a node holds: a pure state machine.
///
/// A subject has so many tokens in a window. The node spends tokens that it has leased from the database, and asks for
/// more before they are used up. The first request of a subject waits for the answer, which names its limit. From then
/// on, ahead of a lease in a window, it may spend a tenth of the limit, and reports it
/// later, so a subject that spends little causes one statement a minute, shared with others. So with n nodes a limit is exceeded by at most n tenths of
/// it, and by what a node that has died did not report.
///
/// While the database cannot be asked, the node lets a subject spend the limit in each window, as if it were alone.
struct TokenLeases {
    /// The answer to a request for tokens.
    enum Verdict: Sendable, Hashable {
        /// They are spent.
        case granted
        /// None are left.
        case refused
        /// A lease may bring them: ask the database, and try again.
        case unknown
    }

    private struct Bucket {
        var limit: Int64
        /// Whether the limit is the subject's own, and not the usual one.
        var isKnown: Bool
        /// The end of the window, by this node's clock.
        var windowEnd: ContinuousClock.Instant
        /// The beginning of the window, by the database's clock; nil before the first lease in it.
        var window: Timestamp?
        /// Tokens of the lease that are left.
        var held: Int64 = 0
        var leaseEnd: ContinuousClock.Instant
        /// The tokens of the last lease.
        var leased: Int64 = 0
        /// Tokens left for all nodes after the last lease.
        var free: Int64
        /// Spent without a lease since the last report.
        var debt: Int64 = 0
        /// Spent since the last report; negative: reported as spent, and given back.
        var unreported: Int64 = 0
        /// Spent in this window.
        var spent: Int64 = 0
        /// What requests that wait for a lease need.
        var need: Int64 = 0
        /// What the question says that is under way.
        var asked: RateAsk?
        var askedAt: ContinuousClock.Instant?

        /// How much may be spent ahead of a lease: nothing once the database has said that nothing is left.
        var credit: Int64 { window != nil && free == 0 ? 0 : min(limit, max(1, limit / 10)) }

        var left: Int64 { max(0, window == nil ? limit - spent : held + free - debt) }
    }

    private let usual: UsualRates
    private let capacity: Int
    private var buckets: [RateSubject: Bucket] = [:]
    /// Subjects to ask about.
    private var due: Set<RateSubject> = []
    /// Subjects with leases, or with spent tokens to report.
    private var active: Set<RateSubject> = []
    /// When the database may be asked again, after it could not be.
    private var outageEnd: ContinuousClock.Instant?
    private var isOutage: Bool { outageEnd != nil }

    /// How long a lease lasts, in seconds.
    static let leaseSeconds: Int32 = 10
    /// How often spent tokens are reported.
    static let reportInterval = Duration.seconds(2)
    /// How often it is asked again whether a limit has changed, or tokens have come back.
    private static let refreshInterval = Duration.seconds(60)
    private static let retryInterval = Duration.seconds(1)

    /// No tokens.
    ///
    /// - Parameters:
    ///   - usual: the limits that apply until the database names others.
    ///   - capacity: the most subjects. Beyond it, subjects are not limited, except by another of their limits.
    init(usual: UsualRates, capacity: Int = 20_000) {
        self.usual = usual
        self.capacity = capacity
    }

    /// How many subjects there are.
    var count: Int { buckets.count }
    /// Whether a question is due.
    var isDue: Bool { !due.isEmpty }
    /// Whether a question is due, and the database can be asked.
    func asks(at now: ContinuousClock.Instant) -> Bool { isDue && outageEnd.map { $0 <= now } ?? true }
    /// Whether spent tokens are to be reported, or leases to be given back, later.
    var isActive: Bool { !active.isEmpty }

    /// Spends tokens of a subject, all or none.
    ///
    /// Costs look-ups in a dictionary, and no allocation for a known subject.
    mutating func take(_ count: Int64, of subject: RateSubject, at now: ContinuousClock.Instant) -> Verdict {
        guard let index = buckets.index(forKey: subject) else {
            guard add(subject, at: now) else { return .granted }
            return take(count, of: subject, at: now)
        }
        if Self.isOver(buckets.values[index], at: now) { roll(index, of: subject, at: now) }
        if now >= buckets.values[index].leaseEnd { buckets.values[index].held = 0 }
        let verdict = Self.spend(count, &buckets.values[index], isOutage: isOutage)
        if verdict != .granted, count <= buckets.values[index].limit {
            buckets.values[index].need = max(buckets.values[index].need, count)
        }
        if wantsLease(buckets.values[index], verdict, subject.policy, at: now) { due.insert(subject) }
        if subject.policy == .leads, verdict == .granted { active.insert(subject) }
        return verdict
    }

    /// Gives tokens back that were taken and not used; what was reported as spent is taken back by the next report.
    ///
    /// Tokens of a window that has ended meanwhile count no more.
    mutating func giveBack(_ count: Int64, of subject: RateSubject) {
        guard let index = buckets.index(forKey: subject), buckets.values[index].spent >= count else { return }
        buckets.values[index].spent -= count
        let unreported = min(count, max(0, buckets.values[index].unreported))
        buckets.values[index].unreported -= count
        if buckets.values[index].unreported < 0 { active.insert(subject) }
        let debt = min(unreported, buckets.values[index].debt)
        buckets.values[index].debt -= debt
        buckets.values[index].held += unreported - debt
    }

    private static func spend(_ count: Int64, _ bucket: inout Bucket, isOutage: Bool) -> Verdict {
        if isOutage {
            guard bucket.spent + count <= bucket.limit else { return .refused }
        } else if !bucket.isKnown {
            return .unknown
        } else if bucket.held < count {
            guard bucket.debt + count - bucket.held <= bucket.credit else {
                // A request for more than the whole limit has no lease to wait for.
                if count > bucket.limit || bucket.window != nil && bucket.free == 0 { return .refused }
                return .unknown
            }
        }
        bucket.debt += max(0, count - bucket.held)
        bucket.held = max(0, bucket.held - count)
        bucket.unreported += count
        bucket.spent += count
        return .granted
    }

    private func wantsLease(
        _ bucket: Bucket,
        _ verdict: Verdict,
        _ policy: RatePolicy,
        at now: ContinuousClock.Instant
    ) -> Bool {
        guard bucket.asked == nil else { return false }
        let age = bucket.askedAt.map { now - $0 }
        switch verdict {
        case .unknown: return true
        // Tokens of another node may have come back.
        case .refused: return age.map { $0 >= Self.retryInterval } ?? true
        case .granted: break
        }
        if let age, age >= Self.refreshInterval { return true }
        guard bucket.free > 0 || bucket.window == nil else { return false }
        return bucket.debt > bucket.credit / 2 || bucket.leased > 0 && bucket.held <= bucket.leased / 2
    }

    // MARK: - Windows

    private static func isOver(_ bucket: Bucket, at now: ContinuousClock.Instant) -> Bool { now >= bucket.windowEnd }

    private mutating func add(_ subject: RateSubject, at now: ContinuousClock.Instant) -> Bool {
        if buckets.count >= capacity {
            buckets = buckets.filter { !Self.isOver($0.value, at: now) || active.contains($0.key) }
            guard buckets.count < capacity else { return false }
        }
        let limit = usual.limit(subject.policy)
        buckets[subject] = Bucket(
            limit: limit,
            // An address has the node's own limit.
            isKnown: subject.policy == .address,
            windowEnd: now.advanced(by: .seconds(Int64(subject.policy.seconds))),
            leaseEnd: now,
            free: limit
        )
        return true
    }

    /// Begins a new window: what was spent in the old one counts no more.
    private mutating func roll(
        _ index: Dictionary<RateSubject, Bucket>.Index,
        of subject: RateSubject,
        at now: ContinuousClock.Instant
    ) {
        let length = Duration.seconds(Int64(subject.policy.seconds))
        let old = buckets.values[index]
        var end = old.windowEnd.advanced(by: length)
        if now >= end { end = now.advanced(by: length) }
        var new = Bucket(limit: old.limit, isKnown: old.isKnown, windowEnd: end, leaseEnd: now, free: old.limit)
        new.askedAt = old.askedAt
        buckets.values[index] = new
        active.remove(subject)
    }

    // MARK: - Questions and answers

    /// The questions that are due, at most a number of them; each is under way until it is answered or has failed.
    mutating func ask(at now: ContinuousClock.Instant, atMost limit: Int = 256) -> [RateAsk] {
        if let end = outageEnd, now < end { return [] }
        for subject in active where due.count < limit {
            guard let bucket = buckets[subject], bucket.asked == nil else { continue }
            if bucket.askedAt.map({ now - $0 >= Self.reportInterval }) ?? true { due.insert(subject) }
        }
        var asks: [RateAsk] = []
        for subject in due.prefix(limit) {
            due.remove(subject)
            guard let index = buckets.index(forKey: subject), buckets.values[index].asked == nil else { continue }
            if Self.isOver(buckets.values[index], at: now) { roll(index, of: subject, at: now) }
            let bucket = buckets.values[index]
            let isUsed = bucket.unreported > 0 || bucket.need > 0
            let ask = RateAsk(
                subject,
                usualLimit: usual.limit(subject.policy),
                window: bucket.window,
                spent: bucket.unreported,
                need: bucket.need,
                // What is spent little is spent ahead; a lease lasts for as much again as was spent since the last.
                want: isUsed && bucket.spent > bucket.limit / 20 ? max(bucket.limit / 20, 2 * bucket.unreported, 1) : 0
            )
            buckets.values[index].asked = ask
            buckets.values[index].askedAt = now
            buckets.values[index].unreported = 0
            buckets.values[index].need = 0
            asks.append(ask)
        }
        return asks
    }

    /// Takes answers over, to questions that were asked at a time.
    mutating func answer(_ leases: [RateLease], askedAt: ContinuousClock.Instant, at now: ContinuousClock.Instant) {
        outageEnd = nil
        for lease in leases {
            guard let index = buckets.index(forKey: lease.subject), buckets.values[index].asked != nil else { continue }
            buckets.values[index].asked = nil
            buckets.values[index].limit = lease.limit
            buckets.values[index].isKnown = true
            let windowEnd = askedAt.advanced(by: lease.left)
            // The window has ended meanwhile: the next request asks again.
            guard now < windowEnd else { continue }
            // Spent since the question was asked.
            let unreported = buckets.values[index].unreported
            let spent = max(0, unreported)
            buckets.values[index].window = lease.window
            buckets.values[index].windowEnd = windowEnd
            buckets.values[index].leased = lease.tokens
            buckets.values[index].held = max(0, lease.tokens - spent)
            buckets.values[index].debt = max(0, spent - lease.tokens)
            buckets.values[index].free = lease.free
            // Given back a second early, so that no clock's rate lets two nodes spend the same tokens.
            buckets.values[index].leaseEnd = askedAt.advanced(by: .seconds(Int64(Self.leaseSeconds) - 1))
            if lease.tokens > 0 || unreported != 0 {
                active.insert(lease.subject)
            } else {
                active.remove(lease.subject)
            }
        }
    }

    /// The questions could not be asked: what was spent is reported later.
    mutating func failed(_ asks: [RateAsk], at now: ContinuousClock.Instant) {
        outageEnd = now.advanced(by: Self.retryInterval)
        for ask in asks {
            guard let index = buckets.index(forKey: ask.subject), buckets.values[index].asked != nil else { continue }
            buckets.values[index].asked = nil
            if buckets.values[index].window == ask.window { buckets.values[index].unreported += ask.spent }
            due.insert(ask.subject)
        }
    }

    /// What is left of a subject's limit; nil for one that this node does not know.
    func reading(of subject: RateSubject, at now: ContinuousClock.Instant) -> RateReading? {
        guard let index = buckets.index(forKey: subject) else { return nil }
        let bucket = buckets.values[index]
        let isOver = Self.isOver(bucket, at: now)
        let seconds = isOver ? Int64(subject.policy.seconds) : (bucket.windowEnd - now).components.seconds + 1
        return RateReading(
            policy: subject.policy,
            limit: bucket.limit,
            left: isOver ? bucket.limit : min(bucket.limit, bucket.left),
            seconds: seconds
        )
    }
}
