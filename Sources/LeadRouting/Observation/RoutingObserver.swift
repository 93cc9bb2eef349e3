package import FoundationEssentials
package import Postgres
package import RoutingRules

/// Receives what became of leads, after the commit that makes it so.
///
/// It is called while a lead is being answered, so it returns at once and does slow work later, elsewhere.
package protocol RoutingObserver: Sendable {
    /// Receives events; they have happened, so there is nothing to refuse.
    func observe(_ events: [RoutingEvent])
}

/// What became of one lead.
package struct RoutingEvent: Sendable, Hashable {
    /// What it came to.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        /// It is in its destination.
        case routed
        /// A partner had sent it before; it stays with its source.
        case duplicate
        /// Its attempts are used up.
        case failed
        /// It expired before a node routed it.
        case expired
    }

    /// What it came to.
    package let kind: Kind
    /// The lead.
    package let leadID: UUID
    /// The workspace that sent it.
    package let sourceWorkspaceID: UUID?
    /// Where it went, by which rule, and why; nil for what a scheduled function found.
    package let outcome: RoutingOutcome?
    /// When, as the audit log says; nil: just now.
    package let happenedAt: Timestamp?

    /// An event of a lead.
    package init(
        _ kind: Kind,
        leadID: UUID,
        source: UUID?,
        outcome: RoutingOutcome? = nil,
        happenedAt: Timestamp? = nil
    ) {
        self.kind = kind
        self.leadID = leadID
        sourceWorkspaceID = source
        self.outcome = outcome
        self.happenedAt = happenedAt
    }

    /// The event of an outcome; nil while the lead waits on.
    init?(_ outcome: RoutingOutcome, source: UUID) {
        let kind: Kind
        switch outcome.status {
        case .routed: kind = outcome.isDuplicate ? .duplicate : .routed
        case .failed: kind = .failed
        case .expired: kind = .expired
        case .pending, .routing: return nil
        }
        self.init(kind, leadID: outcome.leadID, source: source, outcome: outcome)
    }
}
