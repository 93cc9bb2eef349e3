package import FoundationEssentials

/// Where a lead is to go, and why.
package struct RoutingDecision: Sendable, Hashable {
    /// Where a lead is to go.
    package enum Outcome: Sendable, Hashable {
        /// A rule matched.
        case routed(destination: UUID, rule: UUID, ruleName: String)
        /// No rule matched; the lead stays in the workspace that it came from.
        case unmatched(keptIn: UUID)
        /// No rule matched; the lead goes where its source sends such leads.
        case fallback(destination: UUID)
        /// No rule matched; the lead is to be tried again later.
        case retry
        /// Nothing was decided: routing is paused, and the lead waits until it is resumed.
        case paused
        /// A rule matched whose destination is full or closed; the lead waits for it.
        case waiting(rule: UUID, ruleName: String)
    }

    /// Where the lead is to go.
    package var outcome: Outcome
    /// Why, in one or two sentences for people: the rule that matched, or what the nearest rule missed, and which
    /// matching rules were passed over.
    package var reason: String
    /// The person of the destination workspace to whom it is given.
    package var assignee: Assignee?
    /// What it takes of capacity and turns; nil for a decision that the rules alone have made.
    package var use: StateUse?

    /// A decision with its reason.
    package init(outcome: Outcome, reason: String) {
        self.outcome = outcome
        self.reason = reason
    }
}
