package import FoundationEssentials
package import Postgres
package import RoutingRules

/// Is told what becomes of leads, after the commit that makes it so.
///
/// It is called on the way of a lead, so it returns at once: whatever takes time, it does later and elsewhere.
package protocol RoutingObserver: Sendable {
    /// Takes notice. What happened has happened; there is nothing to refuse.
    func observe(_ news: [RoutingNews])
}

/// What became of one lead.
package struct RoutingNews: Sendable, Hashable {
    /// What it came to.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        /// It is in its destination.
        case routed
        /// Somebody had sent it before; it stays with its source.
        case duplicate
        /// Its attempts are used up.
        case failed
        /// Its time was over before anybody took it.
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

    /// News of a lead.
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

    /// News of an outcome; nil while the lead waits on.
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
