import FoundationEssentials
import Inngest
import JSON
import LeadRouting
import Postgres
import RoutingRules

/// Creates an event from the outcome of each lead: ids and the reason, no personal data.
struct LeadEvents: RoutingObserver {
    private let sender: EventSender

    init(_ sender: EventSender) { self.sender = sender }

    func observe(_ events: [RoutingEvent]) {
        let now = LeadIntake.systemMilliseconds()
        sender.send(events.map { OutgoingEvent($0, now: now) })
    }
}

extension OutgoingEvent {
    /// The Inngest event of a lead's outcome, for every reader of an app: it names no rule, workspace or person.
    ///
    /// Its id is the same however often the same event is sent. A requeued lead may fail again, so the id of a failure
    /// includes the time.
    init(_ event: RoutingEvent, now: Int64) {
        let time = event.happenedAt.map { $0.microsecondsSinceUnixEpoch / 1000 } ?? now
        let id = "\(event.leadID.text):\(event.kind.rawValue)"
        let outcome = event.outcome
        self.init(
            name: "lead/routing.\(event.kind.rawValue)",
            id: event.kind == .failed ? "\(id):\(time)" : id,
            timestamp: time,
            data: .object(leavingOutNil: [
                "leadId": .string(event.leadID.text),
                "sourceWorkspaceId": event.sourceWorkspaceID.map { .string($0.text) },
                "destinationWorkspaceId": outcome?.destinationWorkspaceID.map { .string($0.text) },
                "matchedRuleId": outcome?.matchedRuleID.map { .string($0.text) },
                "duplicateLeadId": outcome?.duplicateLeadID.map { .string($0.text) },
                "reason": outcome.map { .string($0.reason.text(for: .anyone)) },
            ])
        )
    }
}
