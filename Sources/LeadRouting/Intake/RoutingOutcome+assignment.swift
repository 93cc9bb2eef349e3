import FoundationEssentials
import LeadStore
import RoutingRules

extension RoutingOutcome {
    /// The outcome of a lead that was written according to `assignment`, except for `exception`.
    ///
    /// A duplicate's reason does not reveal the owner of the earlier lead.
    init(
        _ leadID: UUID,
        source: UUID,
        assignment: Assignment,
        exception: IngestException.Outcome?
    ) {
        let status: LeadStatus
        var duplicateOf: UUID?
        var isDuplicate = false
        switch (exception, assignment.result) {
        case (.duplicate(let first), _):
            isDuplicate = true
            duplicateOf = first
            status = .routed
        case (.failed, _), (_, .failed): status = .failed
        case (.again, _), (.destinationGone, _), (_, .retry), (_, .queued), (_, .waiting): status = .pending
        default: status = .routed
        }
        let reason: RoutingText =
            switch exception {
            case .duplicate: "This lead was already known; it stays in its source workspace."
            case .destinationGone: "The destination no longer exists; the lead will be retried."
            default: assignment.reason
            }
        let wentThrough = status == .routed && !isDuplicate
        self.init(
            leadID: leadID,
            status: status,
            destinationWorkspaceID: isDuplicate ? source : wentThrough ? assignment.destination ?? source : nil,
            matchedRuleID: wentThrough ? assignment.rule : nil,
            reason: reason,
            isDuplicate: isDuplicate,
            duplicateLeadID: duplicateOf
        )
    }
}
