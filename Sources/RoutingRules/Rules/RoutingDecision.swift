package import FoundationEssentials

/// The destination of a lead, and the reason.
package struct RoutingDecision: Sendable, Hashable {
    /// The outcome of a decision.
    package enum Outcome: Sendable, Hashable {
        /// A rule matched.
        case routed(destination: UUID, rule: UUID, ruleName: String)
        /// No rule matched; the lead stays in the workspace that it came from.
        case unmatched(keptIn: UUID)
        /// No rule matched; the lead goes to the fallback workspace of its source.
        case fallback(destination: UUID)
        /// No rule matched; the lead is tried again later.
        case retry
        /// No decision: routing is paused, and the lead waits until it is resumed.
        case paused
        /// A rule matched whose destination is full or closed; the lead waits for it.
        case waiting(rule: UUID, ruleName: String)
    }

    /// The outcome.
    package var outcome: Outcome
    /// The reason in one or two sentences: the rule that matched, or the condition that the nearest rule missed, and
    /// which matching rules were skipped.
    package var reason: RoutingText
    /// The person of the destination workspace to whom it is assigned.
    package var assignee: Assignee?
    /// The capacity and turns that it takes; nil if the rules alone decided.
    package var use: StateUse?
    /// The steps that the conditions took.
    package var steps = 0
    /// Set if they took more steps than allowed, so that rules were passed over.
    package var exceeded: ExceededSteps?

    /// A decision with its reason.
    package init(outcome: Outcome, reason: RoutingText) {
        self.outcome = outcome
        self.reason = reason
    }
}
