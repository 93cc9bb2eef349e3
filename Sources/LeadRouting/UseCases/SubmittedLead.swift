package import FoundationEssentials
package import RoutingRules

/// A lead on its way in.
package struct SubmittedLead: Sendable {
    /// What the partner sent, validated.
    package let lead: Lead
    /// The workspace that the request names as the lead's source; nil: none.
    package let workspaceID: UUID?
    /// What makes the request repeatable, if its client gave it a key.
    package let idempotency: IdempotencyClaim?
    /// The request that it came in, for the log.
    package let trace: RequestTrace?

    /// A lead, with what its request says about it.
    package init(
        lead: Lead,
        workspaceID: UUID? = nil,
        idempotency: IdempotencyClaim? = nil,
        trace: RequestTrace? = nil
    ) {
        self.lead = lead
        self.workspaceID = workspaceID
        self.idempotency = idempotency
        self.trace = trace
    }
}
