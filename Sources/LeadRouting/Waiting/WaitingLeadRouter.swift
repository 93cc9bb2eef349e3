package import FoundationEssentials
package import LeadStore
package import RoutingRules

/// Why a lead was not routed on request.
package struct RouteRefusal: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of reason.
    package enum Code: Sendable, Hashable {
        /// The lead does not exist, or the caller may not see it.
        case notFound
        /// Another node or program is routing it right now.
        case busy
        /// It has failed permanently or expired.
        case final(LeadStatus)
        /// Routing is paused, for its source or for all.
        case paused
        /// Its source workspace is suspended.
        case suspended
        /// The rules kept changing while it was decided.
        case unsettled
    }

    /// The kind of reason.
    package let code: Code

    package var description: String {
        switch code {
        case .notFound: "This lead does not exist."
        case .busy: "This lead is being routed at the moment."
        case .final(let status): "This lead is \(status.rawValue); it can no longer be routed."
        case .paused: "Routing is paused; the lead waits until an operator resumes it."
        case .suspended: "The source workspace is suspended; the lead waits until an administrator lifts it."
        case .unsettled: "The rules keep changing; try again."
        }
    }
}

/// Routes waiting leads of the queue: retries, released locks, leads that other programs inserted.
package struct WaitingLeadRouter: Sendable {
    /// The result of a round.
    package struct Summary: Sendable, Hashable {
        /// Leads that were claimed.
        package var claimed = 0
        /// Leads that are routed now, duplicates among them.
        package var routed = 0
        /// Leads that still wait.
        package var waiting = 0
        /// Leads that have failed permanently.
        package var failed = 0
        /// Leads that could not be written and were postponed.
        package var poisonous = 0
        /// Why one of those could not be written.
        package var refusal: WriteRefusal?

        /// An empty round.
        package init() {}

        static func += (left: inout Summary, right: Summary) {
            left.claimed += right.claimed
            left.routed += right.routed
            left.waiting += right.waiting
            left.failed += right.failed
            left.poisonous += right.poisonous
            left.refusal = right.refusal ?? left.refusal
        }
    }

    let queue: any WaitingLeadClaiming
    /// The rules.
    package let rules: RuleSetCache
    let stuck = StuckRules()
    let reviews = ReviewedVersion()
    /// Whether retries are paused (`DISABLE_ROUTING_RETRY`).
    package let retriesPaused: Bool
    private let maximumAttempts: Int
    private let limiter: RetryRateLimiter
    private let observer: (any RoutingObserver)?
    private let meter: (any RoutingMeter)?
    private let costly: CostlyRules?
    private let refusals: RecentRefusals?

    /// A router of waiting leads.
    ///
    /// - Parameters:
    ///   - queue: the queue.
    ///   - rules: the rules.
    ///   - retriesPaused: whether retries are paused.
    ///   - maximumAttempts: after how many attempts a lead fails permanently.
    ///   - limiter: limits the retries a second.
    ///   - observer: receives every lead that is routed or has failed, after the commit.
    ///   - meter: receives the measurements of each batch.
    ///   - costly: receives rules that take more steps than a decision may.
    ///   - refusals: receives the leads that cannot be written.
    package init(
        queue: any WaitingLeadClaiming,
        rules: RuleSetCache,
        retriesPaused: Bool = false,
        maximumAttempts: Int = RetryBackoff.standard.maximumAttempts,
        limiter: RetryRateLimiter = RetryRateLimiter(),
        observer: (any RoutingObserver)? = nil,
        meter: (any RoutingMeter)? = nil,
        costly: CostlyRules? = nil,
        refusals: RecentRefusals? = nil
    ) {
        self.meter = meter
        self.refusals = refusals
        self.costly = costly
        self.queue = queue
        self.rules = rules
        self.retriesPaused = retriesPaused
        self.maximumAttempts = maximumAttempts
        self.limiter = limiter
        self.observer = observer
    }

    /// Routes one batch of due leads of a kind; those locked by other nodes are skipped.
    ///
    /// For retries, at most as many as the limiter allows.
    ///
    /// - Parameters:
    ///   - kind: the kind of leads.
    ///   - limit: the most that are returned.
    /// - Returns: the result.
    /// - Throws: `PostgresError`, if the database fails; ``RouteRefusal`` if the rules keep changing.
    package func routeDue(_ kind: WaitingClaim.Kind, limit: Int = 500) async throws -> Summary {
        guard kind == .tried else { return try await routeBatch(.due(.new, limit: limit)) }
        let allowed = retriesPaused ? 0 : limiter.take(limit)
        guard allowed > 0 else { return Summary() }
        var claimed = 0
        defer { limiter.refund(allowed - claimed) }
        let summary = try await routeBatch(.due(.tried, limit: allowed))
        claimed = summary.claimed
        return summary
    }

    /// Routes due leads batch by batch, new ones first, until none is left or `limit` have been claimed.
    ///
    /// Waits when the limiter allows no more.
    package func drain(limit: Int, batch: Int = 500) async throws -> Summary {
        var total = Summary()
        try await rules.poll()
        try await reviewWaiting()
        for kind in WaitingClaim.Kind.allCases where kind == .new || !retriesPaused {
            while total.claimed < limit {
                try Task.checkCancellation()
                if kind == .tried { try await limiter.wait() }
                let size = min(batch, limit - total.claimed)
                let summary = try await routeDue(kind, limit: size)
                total += summary
                if summary.claimed == 0 { break }
            }
        }
        total += try await routeLeadsWaitingForCapacity(batch: batch)
        return total
    }

    private func routeBatch(_ claim: WaitingClaim) async throws -> Summary {
        var summary = Summary()
        for settled in try await settle(claim) {
            summary.claimed += 1
            if let refusal = settled.refusal {
                summary.poisonous += 1
                summary.refusal = refusal
            }
            switch outcome(settled).status {
            case .routed: summary.routed += 1
            case .failed, .expired: summary.failed += 1
            case .pending, .routing: summary.waiting += 1
            }
        }
        return summary
    }

    /// Routes one lead now, due or not, and returns its outcome; a routed lead is returned unchanged.
    ///
    /// The caller's access is checked before anything is locked.
    ///
    /// - Throws: ``RouteRefusal``.
    package func route(leadID: UUID, as access: Access) async throws -> RoutingOutcome {
        guard let record = try await queue.lead(leadID, as: access) else { throw RouteRefusal(code: .notFound) }
        if record.status == .pending, var settled = try await settle(.lead(leadID)).first {
            // The pause in these rules may already have ended.
            if settled.assignment.result == .queued, try await rules.poll(),
                let again = try await settle(.lead(leadID)).first
            {
                settled = again
            }
            guard settled.assignment.result != .queued else {
                let isSuspended = rules.loaded?.pauses.suspend(settled.lead.prepared.source) ?? false
                throw RouteRefusal(code: isSuspended ? .suspended : .paused)
            }
            return outcome(settled)
        }
        // Not claimed: routed already, or locked by another transaction.
        guard let stored = try await queue.outcomes(of: [leadID])[leadID] else { throw RouteRefusal(code: .notFound) }
        switch stored.status {
        case .routed: return stored
        case .failed, .expired: throw RouteRefusal(code: .final(stored.status))
        case .pending, .routing:
            meter?.lockFailed()
            throw RouteRefusal(code: .busy)
        }
    }

    func settle(_ claim: WaitingClaim) async throws -> [SettledLead] {
        var current = try await rules.current()
        let start = ContinuousClock.now
        for _ in 0..<5 {
            let rules = current
            let result = try await queue.claimAndSettle(claim, maximumAttempts: maximumAttempts, under: rules)
            switch result {
            case .settled(let settled):
                costly?.note(settled.lazy.compactMap(\.assignment.exceeded))
                for refusal in settled.lazy.compactMap(\.refusal) { refusals?.note(refusal) }
                if let observer { notify(observer, settled) }
                if let meter, !settled.isEmpty { measure(meter, settled, claim, since: start) }
                return settled
            case .stale: current = try await self.rules.refresh(replacing: rules.version)
            }
        }
        throw RouteRefusal(code: .unsettled)
    }

    private func notify(_ observer: any RoutingObserver, _ settled: [SettledLead]) {
        let events = settled.compactMap { RoutingEvent(outcome($0), source: $0.lead.prepared.source) }
        if !events.isEmpty { observer.observe(events) }
    }

    private func measure(
        _ meter: any RoutingMeter,
        _ settled: [SettledLead],
        _ claim: WaitingClaim,
        since start: ContinuousClock.Instant
    ) {
        let now = LeadIntake.systemMilliseconds()
        let leads = settled.filter { !$0.isStillWaiting }
            .map { settled in
                let prepared = settled.lead.prepared
                let outcome = outcome(settled)
                let isUntried =
                    outcome.status == .pending
                    && (settled.assignment.result == .queued || settled.assignment.result == .waiting)
                return MeasuredLead(
                    id: prepared.id,
                    source: prepared.source,
                    result: isUntried ? .queued : MeasuredLead.Result(outcome, source: prepared.source),
                    outcome: outcome,
                    attempt: settled.lead.attempts + 1,
                    age: prepared.id.milliseconds.map { .milliseconds(max(0, now - $0)) }
                )
            }
        let path: MeasuredBatch.Path =
            switch claim {
            case .due(.new, _), .waiters: .waiting
            case .due(.tried, _): .retry
            case .lead: .request
            }
        meter.measure(
            MeasuredBatch(path: path, duration: ContinuousClock.now - start, endedAt: now, leads: leads)
        )
    }

    func outcome(_ settled: SettledLead) -> RoutingOutcome {
        RoutingOutcome(
            settled.lead.prepared.id,
            source: settled.lead.prepared.source,
            assignment: settled.assignment,
            exception: settled.exception
        )
    }
}
