package import FoundationEssentials

/// The outcome of a lead, for its sender or a reader.
package struct RoutingOutcome: Sendable, Hashable {
    /// The lead's id.
    package var leadID: UUID
    /// Its status.
    package var status: LeadStatus
    /// Its destination workspace; nil while it has none.
    package var destinationWorkspaceID: UUID?
    /// The rule that matched.
    package var matchedRuleID: UUID?
    /// The reason, in one sentence; it has the rule's name.
    package var reason: RoutingText
    /// Whether the same lead was sent before.
    package var isDuplicate: Bool
    /// The earlier lead, if this one is a duplicate; does not reveal its owner.
    package var duplicateLeadID: UUID?
    /// Whether this is the answer to an earlier request with the same idempotency key.
    package var isReplay = false
    /// Whether a test key sent it: this is how it would have been routed.
    package var isTest = false

    /// An outcome.
    package init(
        leadID: UUID,
        status: LeadStatus,
        destinationWorkspaceID: UUID? = nil,
        matchedRuleID: UUID? = nil,
        reason: RoutingText,
        isDuplicate: Bool = false,
        duplicateLeadID: UUID? = nil
    ) {
        self.leadID = leadID
        self.status = status
        self.destinationWorkspaceID = destinationWorkspaceID
        self.matchedRuleID = matchedRuleID
        self.reason = reason
        self.isDuplicate = isDuplicate
        self.duplicateLeadID = duplicateLeadID
    }

    /// The name of the rule that matched; nil if the reader may not read it.
    package func matchedRuleName(for reader: TextReader) -> String? {
        matchedRuleID.flatMap { reason.name(of: .rule($0), for: reader) }
    }
}
