package import FoundationEssentials
package import Postgres
package import RoutingRules

/// Receives the outcomes of leads, after their commit.
///
/// It is called while a lead is being answered, so it must return at once and do slow work elsewhere.
package protocol RoutingObserver: Sendable {
    /// Receives events that have been committed.
    func observe(_ events: [RoutingEvent])
}

/// The outcome of one lead.
package struct RoutingEvent: Sendable, Hashable {
    /// The kind of outcome.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        /// It is in its destination.
        case routed
        /// A partner had sent it before; it stays in its source workspace.
        case duplicate
        /// Its attempts are used up.
        case failed
        /// It expired before it was routed.
        case expired
    }

    /// The kind of outcome.
    package let kind: Kind
    /// The lead.
    package let leadID: UUID
    /// The workspace that sent it.
    package let sourceWorkspaceID: UUID?
    /// Its outcome; nil if a scheduled function found it.
    package let outcome: RoutingOutcome?
    /// When, by the audit log; nil for now.
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

    /// The event of an outcome; nil while the lead still waits.
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
