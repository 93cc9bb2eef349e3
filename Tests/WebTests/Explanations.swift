import FoundationEssentials
import RoutingRules
import Web

/// Explanations for the fake backend.
enum Explanations {
    /// A lead that was kept by its source, as its one log row says.
    static func explanation(of lead: StoredLead, in rules: RuleSetSnapshot, for principal: Principal) -> LeadExplanation
    {
        let trace = RuleTrace(of: lead.lead, from: lead.sourceWorkspaceID, in: rules)
        let attempt = LeadExplanation.Attempt(
            result: "unmatched",
            reason: "No rule matched.",
            error: nil,
            attempt: 1,
            ruleSetVersion: rules.version,
            destinationWorkspaceID: lead.workspaceID,
            matchedRuleID: nil,
            actor: nil,
            at: lead.createdAt
        )
        return LeadExplanation(
            leadID: lead.id,
            status: lead.status,
            workspaceID: lead.workspaceID,
            lead: lead.lead,
            attempts: [attempt],
            chosen: 0,
            since: nil,
            duplicateLeadID: nil,
            isDuplicate: false,
            ruleSet: .init(version: rules.version, isCurrent: true, author: "someone", action: "edit"),
            reproduction: .same,
            trace: trace,
            capacity: [],
            workspaceNames: Dictionary(uniqueKeysWithValues: rules.workspaces.map { ($0.id, $0.name) }),
            viewpoint: principal.workspaceID.map { $0 == lead.sourceWorkspaceID ? .sender($0) : .receiver }
                ?? .everything
        )
    }
}
