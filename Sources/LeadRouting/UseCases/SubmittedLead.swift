package import FoundationEssentials
package import RoutingRules

/// A lead of a request.
package struct SubmittedLead: Sendable {
    /// The partner's values, validated.
    package let lead: Lead
    /// The workspace that the request names as the lead's source; nil for none.
    package let workspaceID: UUID?
    /// The claim of the request's idempotency key, if it has one.
    package let idempotency: IdempotencyClaim?
    /// Its request, for the log.
    package let trace: RequestTrace?

    /// A lead, with the data of its request.
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
