package import FoundationEssentials
package import RoutingRules

/// A lead on its way in, with the workspace of the partner that sends it.
package struct SubmittedLead: Sendable, Hashable {
    /// What the partner sent, validated.
    package let lead: Lead
    /// Whose lead it is.
    package let sourceWorkspaceID: UUID
    /// What the client calls the request that it came in, if it does.
    package let idempotency: IdempotencyClaim?
    /// The request that it came in, for the log.
    package let trace: RequestTrace?

    /// A lead from a workspace.
    package init(
        lead: Lead,
        sourceWorkspaceID: UUID,
        idempotency: IdempotencyClaim? = nil,
        trace: RequestTrace? = nil
    ) {
        self.trace = trace
        self.lead = lead
        self.sourceWorkspaceID = sourceWorkspaceID
        self.idempotency = idempotency
    }
}

/// Which leads a list is to show; a condition that is nil lets every lead through.
package struct LeadSearch: Sendable, Hashable {
    /// The state that the leads are in.
    package var status: LeadStatus?
    /// The workspace that they are in now.
    package var workspaceID: UUID?
    /// The workspace that they came from.
    package var sourceWorkspaceID: UUID?
    /// The rule that matched them.
    package var matchedRuleID: UUID?
    /// Only duplicates, or none of them.
    package var isDuplicate: Bool?
    /// The e-mail address, compared after normalisation.
    package var email: String?
    /// The phone number, compared after normalisation.
    package var phone: String?
    /// Only leads that no rule matched and that their source keeps; of interest to whoever puts leads back into the queue.
    package var isUnmatched = false
    /// Stored at this time or later; microseconds since 1970.
    package var createdAfter: Int64?
    /// Stored before this time; microseconds since 1970.
    package var createdBefore: Int64?

    /// A search that lets every lead through.
    package init() {}
}

/// A part of a list of leads.
package struct LeadSearchPage: Sendable, Hashable {
    /// The leads, newest first.
    package var leads: [StoredLead]
    /// Where the next page begins, or nil when this was the last.
    package var nextCursor: String?

    /// A page.
    package init(leads: [StoredLead], nextCursor: String?) {
        self.leads = leads
        self.nextCursor = nextCursor
    }
}

/// A stored lead, with where it is and how it came there.
///
/// All times are microseconds since 1970.
package struct StoredLead: Sendable, Hashable {
    /// The lead's id.
    package var id: UUID
    /// What the partner sent.
    package var lead: Lead
    /// Where the lead is now.
    package var workspaceID: UUID?
    /// The workspace of the partner that sent it.
    package var sourceWorkspaceID: UUID?
    /// Its place in the state machine.
    package var status: LeadStatus
    /// How often it has been tried.
    package var attempts: Int
    /// Why the last attempt failed, in words that hold no personal data.
    package var error: String?
    /// The rule that matched.
    package var matchedRuleID: UUID?
    /// That rule's name.
    package var matchedRuleName: String?
    /// Whether another partner's lead came first.
    package var isDuplicate: Bool
    /// The lead that came first, if the reader may see it.
    package var duplicateLeadID: UUID?
    /// When it was stored.
    package var createdAt: Int64
    /// When any of it last changed.
    package var updatedAt: Int64?
    /// When it was routed.
    package var routedAt: Int64?
    /// When it expires unless it is routed before.
    package var expiresAt: Int64?
    /// The person to whom it is given.
    package var assigneeID: UUID?
    /// That person's name.
    package var assigneeName: String?
    /// When the person was erased, in microseconds since 1970; nil: they were not.
    package var erasedAt: Int64?

    /// A stored lead; what is not named is nil, zero or false.
    package init(
        id: UUID,
        lead: Lead,
        workspaceID: UUID?,
        sourceWorkspaceID: UUID?,
        status: LeadStatus,
        attempts: Int = 0,
        error: String? = nil,
        matchedRuleID: UUID? = nil,
        matchedRuleName: String? = nil,
        isDuplicate: Bool = false,
        duplicateLeadID: UUID? = nil,
        createdAt: Int64,
        updatedAt: Int64? = nil,
        routedAt: Int64? = nil,
        expiresAt: Int64? = nil,
        assigneeID: UUID? = nil,
        assigneeName: String? = nil,
        erasedAt: Int64? = nil
    ) {
        self.id = id
        self.lead = lead
        self.workspaceID = workspaceID
        self.sourceWorkspaceID = sourceWorkspaceID
        self.status = status
        self.attempts = attempts
        self.error = error
        self.matchedRuleID = matchedRuleID
        self.matchedRuleName = matchedRuleName
        self.isDuplicate = isDuplicate
        self.duplicateLeadID = duplicateLeadID
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.routedAt = routedAt
        self.expiresAt = expiresAt
        self.assigneeID = assigneeID
        self.assigneeName = assigneeName
        self.erasedAt = erasedAt
    }
}

/// A lead and everything that happened to it, oldest first.
package struct StoredLeadWithHistory: Sendable, Hashable {
    /// The lead.
    package var lead: StoredLead
    /// The lines of its audit log that the reader may see.
    package var history: [LeadEvent]

    /// A lead with its history.
    package init(lead: StoredLead, history: [LeadEvent]) {
        self.lead = lead
        self.history = history
    }
}

/// One line of a lead's audit log.
package struct LeadEvent: Sendable, Hashable {
    /// What happened, in the log's words: `success`, `unmatched`, `duplicate`, `retry`, and so on.
    package var result: String
    /// Why, in one sentence.
    package var reason: String?
    /// What went wrong, if something did.
    package var errorMessage: String?
    /// Where the lead came from.
    package var sourceWorkspaceID: UUID?
    /// Where it went.
    package var destinationWorkspaceID: UUID?
    /// The rule that matched.
    package var matchedRuleID: UUID?
    /// Which attempt this was, from 1.
    package var attempt: Int?
    /// The rules it was decided under.
    package var ruleSetVersion: Int64?
    /// Who asked for it, where somebody did.
    package var actor: String?
    /// When, in microseconds since 1970.
    package var createdAt: Int64

    /// A line of the log; what is not named is nil.
    package init(
        result: String,
        reason: String? = nil,
        errorMessage: String? = nil,
        sourceWorkspaceID: UUID? = nil,
        destinationWorkspaceID: UUID? = nil,
        matchedRuleID: UUID? = nil,
        attempt: Int? = nil,
        ruleSetVersion: Int64? = nil,
        actor: String? = nil,
        createdAt: Int64
    ) {
        self.result = result
        self.reason = reason
        self.errorMessage = errorMessage
        self.sourceWorkspaceID = sourceWorkspaceID
        self.destinationWorkspaceID = destinationWorkspaceID
        self.matchedRuleID = matchedRuleID
        self.attempt = attempt
        self.ruleSetVersion = ruleSetVersion
        self.actor = actor
        self.createdAt = createdAt
    }
}
