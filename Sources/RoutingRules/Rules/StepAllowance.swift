package import FoundationEssentials

/// The steps that the rules of one source may take in one batch.
///
/// A decision is limited by itself (`DecisionWork`), but a batch has hundreds. Once a source has used up its steps,
/// its other leads of the batch are put off to a later one, so that the leads of other sources do not wait for them.
package struct StepAllowance: Sendable {
    /// The most steps of a source in a batch: some ten milliseconds.
    package static let limit = 4_000_000
    /// Decisions of fewer steps are not counted; a whole batch of them stays within the limit.
    private static let counted = 4_096

    private var spent: [UUID?: Int] = [:]

    /// The reason of a lead that is put off.
    package static let reason: RoutingText =
        "Put off, because the conditions of its workspace's rules take more steps than a batch may."

    /// The full allowance of a batch.
    package init() {}

    /// Whether another lead of a source may be decided.
    package func hasRoom(for source: UUID?) -> Bool { spent.isEmpty || spent[source] ?? 0 < Self.limit }

    /// Counts a decision.
    package mutating func count(_ decision: RoutingDecision, of source: UUID?) {
        if decision.steps > Self.counted { spent[source, default: 0] += decision.steps }
    }
}
