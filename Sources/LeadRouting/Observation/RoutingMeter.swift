package import FoundationEssentials
package import RoutingRules

/// Receives measurements of each batch of leads, for metrics and the outcome log.
///
/// Called once a batch, after its commit and its answers. Must return at once, because it delays the next batch.
package protocol RoutingMeter: Sendable {
    /// Records a batch.
    func measure(_ batch: MeasuredBatch)
    /// Records leads that were refused before anything was written.
    func refuse(_ count: Int, because code: IntakeError.Code)
    /// Counts a lead that was requested while another node holds it.
    func lockFailed()
}

/// One batch of leads, written or refused.
package struct MeasuredBatch: Sendable {
    /// How its leads arrived.
    package enum Path: String, Sendable, Hashable, CaseIterable {
        /// New leads, decided on arrival.
        case intake
        /// Leads that another program inserted, or that waited for their first attempt.
        case waiting
        /// Leads with earlier attempts.
        case retry
        /// One lead, on request.
        case request
    }

    /// How its leads arrived.
    package let path: Path
    /// From the start of the batch to its commit.
    package let duration: Duration
    /// When it was committed, in milliseconds since 1970 by this node's clock.
    package let endedAt: Int64
    /// Its leads, in order.
    package let leads: [MeasuredLead]

    /// A completed batch.
    package init(path: Path, duration: Duration, endedAt: Int64, leads: [MeasuredLead]) {
        self.path = path
        self.duration = duration
        self.endedAt = endedAt
        self.leads = leads
    }
}

/// The result of one lead of a batch.
package struct MeasuredLead: Sendable {
    /// The result of an attempt.
    package enum Result: String, Sendable, Hashable, CaseIterable {
        /// A rule matched.
        case success
        /// No rule matched; it stays in its source workspace.
        case unmatched
        /// No rule matched; it is in the fallback workspace.
        case fallback
        /// A partner had sent it before.
        case duplicate
        /// It waits for another attempt.
        case retry
        /// It waits undecided.
        case queued
        /// It has failed permanently.
        case failed
        /// The answer to an earlier request with the same idempotency key; nothing was written.
        case replay
        /// It was not stored.
        case refused
    }

    /// The lead.
    package let id: UUID
    /// The source workspace.
    package let source: UUID
    /// The result.
    package let result: Result
    /// Its outcome; nil if it was refused.
    package let outcome: RoutingOutcome?
    /// The number of the attempt; 0 without one.
    package let attempt: Int
    /// From receipt to the end of the batch; nil for a lead that waited in the database.
    package let latency: Duration?
    /// From its creation; nil if its id is not of version 7.
    package let age: Duration?
    /// Its request.
    package let trace: RequestTrace?

    /// The result of a lead.
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

/// Combines several meters.
package struct RoutingMeters: RoutingMeter {
    private let all: [any RoutingMeter]

    /// These meters, in order.
    package init(_ all: [any RoutingMeter]) { self.all = all }

    package func measure(_ batch: MeasuredBatch) { for meter in all { meter.measure(batch) } }

    package func refuse(_ count: Int, because code: IntakeError.Code) {
        for meter in all { meter.refuse(count, because: code) }
    }

    package func lockFailed() { for meter in all { meter.lockFailed() } }
}

extension MeasuredLead.Result {
    /// The result for an outcome, from the source's side.
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
    /// The time of an id of version 7, in milliseconds since 1970; nil for others.
    var milliseconds: Int64? {
        let bytes = uuid
        guard bytes.6 >> 4 == 7 else { return nil }
        let head = Int64(bytes.0) << 40 | Int64(bytes.1) << 32 | Int64(bytes.2) << 24
        return head | Int64(bytes.3) << 16 | Int64(bytes.4) << 8 | Int64(bytes.5)
    }
}
