import FoundationEssentials
import Inngest
import JSON
import LeadRouting
import Postgres
import RoutingRules

/// Makes an event of what becomes of each lead: ids and the reason, nothing of the person.
struct LeadEvents: RoutingObserver {
    private let sender: EventSender

    init(_ sender: EventSender) { self.sender = sender }

    func observe(_ news: [RoutingNews]) {
        let now = LeadIntake.systemMilliseconds()
        sender.send(news.map { OutgoingEvent($0, now: now) })
    }
}

extension OutgoingEvent {
    /// The event of a lead's news.
    ///
    /// Its id is the same however often the same news is told. A lead may fail once more after somebody has put it
    /// back, so there the time is part of it.
    init(_ news: RoutingNews, now: Int64) {
        let time = news.happenedAt.map { $0.microsecondsSinceUnixEpoch / 1000 } ?? now
        let id = "\(news.leadID.text):\(news.kind.rawValue)"
        let outcome = news.outcome
        self.init(
            name: "lead/routing.\(news.kind.rawValue)",
            id: news.kind == .failed ? "\(id):\(time)" : id,
            timestamp: time,
            data: .object(leavingOutNil: [
                "leadId": .string(news.leadID.text),
                "sourceWorkspaceId": news.sourceWorkspaceID.map { .string($0.text) },
                "destinationWorkspaceId": outcome?.destinationWorkspaceID.map { .string($0.text) },
                "matchedRuleId": outcome?.matchedRuleID.map { .string($0.text) },
                "matchedRuleName": outcome?.matchedRuleName.map(JSONValue.string),
                "duplicateLeadId": outcome?.duplicateLeadID.map { .string($0.text) },
                "reason": outcome.map { .string($0.reason) },
            ])
        )
    }
}
