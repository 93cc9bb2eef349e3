package import FoundationEssentials
package import RoutingRules

/// What a batch writes for one lead.
package struct Assignment: Sendable, Hashable {
    /// The result, as the audit log names it.
    package enum Result: String, Sendable, Hashable {
        /// A rule matched: routed to its destination.
        case success
        /// No rule matched: routed to its source workspace.
        case unmatched
        /// No rule matched: routed to the source's fallback workspace.
        case fallback
        /// No rule matched and the source's policy is `retry`: pending.
        case retry
        /// Not decided: pending, and due at once.
        case queued
        /// A rule matched whose destinations are full or closed: pending, until they can take leads again.
        case waiting
        /// It could not be decided and will not be retried: failed. Only for waiting leads.
        case failed
    }

    /// The result.
    package let result: Result
    /// The destination; nil leaves it in its source workspace.
    package let destination: UUID?
    /// The rule that matched.
    package let rule: UUID?
    /// The reason in one sentence, stored in the log without names.
    package let reason: RoutingText
    /// The person to whom it is assigned.
    package var assignee: UUID?
    /// The rule that it waits for.
    package var waitingFor: UUID?
    /// Its use of capacity and turns.
    package var use: StateUse?
    /// Set if the rules took more steps than a decision may.
    package var exceeded: ExceededSteps?
    /// Whether the lead was not decided because the rules of its source have used up their steps in this batch.
    package var isPutOff = false

    /// Whether it has values that plain decisions do not have.
    var hasMore: Bool { use != nil || assignee != nil || waitingFor != nil }

    /// An assignment of a lead.
    package init(
        result: Result,
        destination: UUID? = nil,
        rule: UUID? = nil,
        reason: RoutingText
    ) {
        self.result = result
        self.destination = destination
        self.rule = rule
        self.reason = reason
    }

    /// The assignment of a decision.
    package init(_ decision: RoutingDecision) {
        self.init(outcomeOf: decision)
        assignee = decision.assignee?.id
        use = decision.use
        exceeded = decision.exceeded
        if case .waiting(let rule, _) = decision.outcome { waitingFor = rule }
    }

    /// A lead that is put off to a later batch.
    package static var putOff: Assignment {
        var assignment = Assignment(result: .queued, reason: StepAllowance.reason)
        assignment.isPutOff = true
        return assignment
    }

    private init(outcomeOf decision: RoutingDecision) {
        switch decision.outcome {
        case .routed(let destination, let rule, _):
            self.init(
                result: .success,
                destination: destination,
                rule: rule,
                reason: decision.reason
            )
        case .unmatched(let keptIn):
            self.init(result: .unmatched, destination: keptIn, reason: decision.reason)
        case .fallback(let destination):
            self.init(result: .fallback, destination: destination, reason: decision.reason)
        case .retry:
            // The reason of a retry is also in columns that the sender reads by SQL.
            self.init(result: .retry, reason: decision.reason.withoutPlatformParts)
        case .waiting:
            self.init(result: .waiting, reason: decision.reason)
        case .paused:
            self.init(result: .queued, reason: decision.reason)
        }
    }
}
