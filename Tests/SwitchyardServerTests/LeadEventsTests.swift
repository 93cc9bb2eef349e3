import FoundationEssentials
import Inngest
import JSON
import LeadRouting
import RoutingRules
import Testing

@testable import SwitchyardServer

/// The events that are sent to Inngest.
struct LeadEventsTests {
    /// Any function may receive an event, so that it has ids, and no names.
    @Test func eventHasIDsAndNoNames() {
        let (rule, source) = (UUID(), UUID())
        let name = OwnedName(.rule(rule), "Secret rule", owner: source)
        let reason: RoutingText = "Matched \(withNoun: name)\(" (priority 93417)", for: .source)."
        let outcome = RoutingOutcome(
            leadID: UUID(),
            status: .routed,
            destinationWorkspaceID: UUID(),
            matchedRuleID: rule,
            reason: reason.about(source)
        )
        let event = OutgoingEvent(
            RoutingEvent(.routed, leadID: outcome.leadID, source: source, outcome: outcome),
            now: 1
        )
        let text = event.data.json
        #expect(text.contains(rule.text) && text.contains("Matched a rule that this key cannot read."))
        #expect(!text.contains("Secret") && !text.contains("93417"))
    }
}
