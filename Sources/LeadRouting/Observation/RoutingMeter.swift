package import FoundationEssentials
package import RoutingRules

/// Receives the figures of each batch of leads: what metrics and the log of outcomes are made from.
///
/// Called once a batch, after its commit and after its answers, on the path of leads: it returns at once.
package protocol RoutingMeter: Sendable {
    /// Takes note of a batch.
    func measure(_ batch: MeasuredBatch)
    /// Takes note of leads that were turned away before anything was written.
    func refuse(_ count: Int, because code: IntakeError.Code)
    /// Counts a lead that was asked for while another node holds it.
    func lockFailed()
}

/// One batch of leads, written or refused.
package struct MeasuredBatch: Sendable {
    /// The way that its leads came.
    package enum Path: String, Sendable, Hashable, CaseIterable {
        /// New leads, decided on arrival.
        case intake
        /// Leads that another program inserted, or that waited for their first attempt.
        case waiting
        /// Leads that were tried before.
        case retry
        /// One lead, on request.
        case request
    }

    /// The way that its leads came.
    package let path: Path
    /// From being taken to being committed.
    package let duration: Duration
    /// When it was committed, in milliseconds since 1970 by this node's clock.
    package let endedAt: Int64
    /// Its leads, in order.
    package let leads: [MeasuredLead]

    /// A batch that went through.
    package init(path: Path, duration: Duration, endedAt: Int64, leads: [MeasuredLead]) {
        self.path = path
        self.duration = duration
        self.endedAt = endedAt
        self.leads = leads
    }
}

/// What became of one lead in a batch.
package struct MeasuredLead: Sendable {
    /// What an attempt came to.
    package enum Result: String, Sendable, Hashable, CaseIterable {
        /// A rule matched.
        case success
        /// No rule matched; it stays with its source.
        case unmatched
        /// No rule matched; it is in the workspace named for that.
        case fallback
        /// A partner had sent it before.
        case duplicate
        /// It waits for another attempt.
        case retry
        /// It waits undecided.
        case queued
        /// It has failed for good.
        case failed
        /// The answer to an earlier request with the same idempotency key; nothing was done.
        case replay
        /// It was not stored.
        case refused
    }

    /// The lead.
    package let id: UUID
    /// Who sent it.
    package let source: UUID
    /// What it came to.
    package let result: Result
    /// Where it went, by which rule; nil if it was refused.
    package let outcome: RoutingOutcome?
    /// Which attempt this was; 0 without one.
    package let attempt: Int
    /// From receipt to the end of the batch; nil for a lead that waited in the database.
    package let latency: Duration?
    /// From its creation, as far as its id tells: ids of version 7 do.
    package let age: Duration?
    /// The request that it came in.
    package let trace: RequestTrace?

    /// What became of a lead.
    package init(
        id: UUID,
        source: UUID,
        result: Result,
        outcome: RoutingOutcome?,
        attempt: Int,
        latency: Duration? = nil,
        age: Duration? = nil,
        trace: RequestTrace? = nil
    ) {
        self.id = id
        self.source = source
        self.result = result
        self.outcome = outcome
        self.attempt = attempt
        self.latency = latency
        self.age = age
        self.trace = trace
    }
}

/// Several meters as one.
package struct RoutingMeters: RoutingMeter {
    private let all: [any RoutingMeter]

    /// These, in order.
    package init(_ all: [any RoutingMeter]) { self.all = all }

    package func measure(_ batch: MeasuredBatch) { for meter in all { meter.measure(batch) } }

    package func refuse(_ count: Int, because code: IntakeError.Code) {
        for meter in all { meter.refuse(count, because: code) }
    }

    package func lockFailed() { for meter in all { meter.lockFailed() } }
}

extension MeasuredLead.Result {
    /// What an outcome is called, from the source's side.
    init(_ outcome: RoutingOutcome, source: UUID) {
        if outcome.isReplay {
            self = .replay
            return
        }
        switch outcome.status {
        case .routed where outcome.isDuplicate: self = .duplicate
        case .routed where outcome.matchedRuleID != nil: self = .success
        case .routed where outcome.destinationWorkspaceID == source: self = .unmatched
        case .routed: self = .fallback
        case .failed, .expired: self = .failed
        case .pending, .routing: self = .retry
        }
    }
}

extension UUID {
    /// When an id of version 7 was made, in milliseconds since 1970; nil for others.
    var milliseconds: Int64? {
        let bytes = uuid
        guard bytes.6 >> 4 == 7 else { return nil }
        let head = Int64(bytes.0) << 40 | Int64(bytes.1) << 32 | Int64(bytes.2) << 24
        return head | Int64(bytes.3) << 16 | Int64(bytes.4) << 8 | Int64(bytes.5)
    }
}
