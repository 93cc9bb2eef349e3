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
    /// That rule's name.
    package var matchedRuleName: String?
    /// The reason, in one sentence.
    package var reason: String
    /// Whether the same lead was sent before.
    package var isDuplicate: Bool
    /// The earlier lead, if this one is a duplicate; does not reveal its owner.
    package var duplicateLeadID: UUID?
    /// Whether this is the answer to an earlier request with the same idempotency key.
    package var isReplay = false

    /// An outcome.
    package init(
        leadID: UUID,
        status: LeadStatus,
        destinationWorkspaceID: UUID? = nil,
        matchedRuleID: UUID? = nil,
        matchedRuleName: String? = nil,
        reason: String,
        isDuplicate: Bool = false,
        duplicateLeadID: UUID? = nil
    ) {
        self.leadID = leadID
        self.status = status
        self.destinationWorkspaceID = destinationWorkspaceID
        self.matchedRuleID = matchedRuleID
        self.matchedRuleName = matchedRuleName
        self.reason = reason
        self.isDuplicate = isDuplicate
        self.duplicateLeadID = duplicateLeadID
    }
}
