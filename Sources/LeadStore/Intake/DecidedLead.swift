package import FoundationEssentials
package import RoutingRules

/// A new lead with everything about it that does not depend on the rules, made once, before its batch.
///
/// Hashing and printing JSON are the expensive part of a decision; they happen on the path of the request, and the
/// result is kept when a lead has to be decided again. An object, because it is handed from the request to the queue, the
/// batch and the statement: a copy of the dozen texts at each of these steps would cost more than the decision.
package final class PreparedLead: Sendable {
    /// The lead's id, made by this server: version 7, so that ids grow with time.
    package let id: UUID
    /// The workspace of the partner that sent it.
    package let source: UUID
    /// What the partner sent.
    package let lead: Lead
    /// Who the lead is, as far as its e-mail, phone and company tell.
    package let identities: LeadIdentities
    /// The location as a JSON object, or nil without one.
    package let locationJSON: String?

    /// What the client calls the request that it came in, if it does.
    package let idempotency: IdempotencyClaim?

    /// Prepares a lead for the batch.
    package init(id: UUID, source: UUID, lead: Lead, idempotency: IdempotencyClaim? = nil) {
        self.idempotency = idempotency
        self.id = id
        self.source = source
        self.lead = lead
        self.identities = LeadIdentities(email: lead.email, phone: lead.phone, companyName: lead.companyName)
        self.locationJSON = lead.location.map(LocationJSON.print)
    }
}

/// What a batch is to write for one lead.
package struct Assignment: Sendable, Hashable {
    /// The result in the words of the audit log.
    package enum Result: String, Sendable, Hashable {
        /// A rule matched: routed to its destination.
        case success
        /// No rule matched and the source keeps its lead: routed there.
        case unmatched
        /// No rule matched and the source named a workspace for that: routed there.
        case fallback
        /// No rule matched and the source wants another try later: pending.
        case retry
        /// Not decided: pending, and due at once.
        case queued
        /// A rule matched whose destinations are full or closed: pending, until they can take leads again.
        case waiting
        /// The decision could not be made and will not be: failed. Only for leads that were waiting.
        case failed
    }

    /// The result.
    package let result: Result
    /// Where the lead is to be; nil leaves it in its source workspace.
    package let destination: UUID?
    /// The rule that matched.
    package let rule: UUID?
    /// That rule's name, for the answer; not stored.
    package let ruleName: String?
    /// One sentence for people, kept in the log.
    package let reason: String
    /// The person to whom it is given.
    package var assignee: UUID?
    /// The rule that it waits for.
    package var waitingFor: UUID?
    /// What it takes of capacity and turns.
    package var use: StateUse?

    /// Whether there is something to write that plain decisions do not have.
    var hasMore: Bool { use != nil || assignee != nil || waitingFor != nil }

    /// An assignment of a lead.
    package init(
        result: Result,
        destination: UUID? = nil,
        rule: UUID? = nil,
        ruleName: String? = nil,
        reason: String
    ) {
        self.result = result
        self.destination = destination
        self.rule = rule
        self.ruleName = ruleName
        self.reason = reason
    }

    /// What a decision means for the database.
    package init(_ decision: RoutingDecision) {
        self.init(outcomeOf: decision)
        assignee = decision.assignee?.id
        use = decision.use
        if case .waiting(let rule, _) = decision.outcome { waitingFor = rule }
    }

    private init(outcomeOf decision: RoutingDecision) {
        switch decision.outcome {
        case .routed(let destination, let rule, let name):
            self.init(
                result: .success,
                destination: destination,
                rule: rule,
                ruleName: name,
                reason: decision.reason
            )
        case .unmatched(let keptIn):
            self.init(result: .unmatched, destination: keptIn, reason: decision.reason)
        case .fallback(let destination):
            self.init(result: .fallback, destination: destination, reason: decision.reason)
        case .retry:
            self.init(result: .retry, reason: decision.reason)
        case .waiting:
            self.init(result: .waiting, reason: decision.reason)
        case .paused:
            self.init(result: .queued, reason: decision.reason)
        }
    }
}

/// A lead and what to write for it.
package struct DecidedLead: Sendable {
    /// The lead.
    package let prepared: PreparedLead
    /// What to write.
    package let assignment: Assignment

    /// A lead and what to write for it.
    package init(_ prepared: PreparedLead, _ assignment: Assignment) {
        self.prepared = prepared
        self.assignment = assignment
    }
}
