package import FoundationEssentials

/// The outcome of a lead, for its sender or a reader.
package struct RoutingOutcome: Sendable, Hashable {
    /// The lead's id.
    package var leadID: UUID
    /// Where it stands in the state machine.
    package var status: LeadStatus
    /// The workspace it went to; nil while it is nowhere.
    package var destinationWorkspaceID: UUID?
    /// The rule that matched.
    package var matchedRuleID: UUID?
    /// That rule's name.
    package var matchedRuleName: String?
    /// Why, in one sentence for people.
    package var reason: String
    /// Whether the same lead was sent before.
    package var isDuplicate: Bool
    /// The lead that came first, if this one is a duplicate; never says whose it is.
    package var duplicateLeadID: UUID?
    /// Whether this is the answer to an earlier request with the same idempotency key.
    package var isReplay = false

    /// An outcome of these parts.
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
