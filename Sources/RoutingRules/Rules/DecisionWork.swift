package import FoundationEssentials

/// The steps that the conditions of one decision have taken.
///
/// The rules of the source and those of the platform have a limit each, so that neither uses up the other's. Both are
/// part of the decision: the same lead and rules take the same steps everywhere.
struct DecisionWork: Sendable {
    /// The most steps of the source's rules in one decision, and of the platform's: some milliseconds.
    static let limit = 1_000_000

    /// The steps of one table of rules.
    struct Part: Sendable {
        var steps = StepCount(DecisionWork.limit)
        /// The rule that took the most steps.
        private(set) var costliest: (rule: Int, steps: Int)?
        /// How many rules were passed over because the steps were used up.
        private(set) var passedOver = 0

        /// Records the steps of a rule.
        @inline(__always)
        mutating func note(_ rule: Int, _ spent: Int) {
            if spent > costliest?.steps ?? 0 { costliest = (rule, spent) }
            if steps.isUsedUp { passedOver += 1 }
        }
    }

    var own = Part()
    var shared = Part()

    /// How many steps were taken.
    var spent: Int { 2 * Self.limit - own.steps.left - shared.steps.left }
}

/// A decision whose rules took more steps than allowed.
package struct ExceededSteps: Sendable, Hashable {
    /// The rule that took the most steps.
    package let rule: UUID
    /// Its name, for those who may read it.
    let ruleName: OwnedName
    /// Whether it is a rule of the platform, which is reported but stays on: leads of any workspace could have it
    /// switched off.
    package let isShared: Bool
    /// How many rules were passed over.
    package let passedOver: Int

    /// The sentence of the decision's reason, with a space before it.
    var sentence: RoutingText {
        let rules = passedOver == 1 ? "a rule" : "\(passedOver) rules"
        let text: RoutingText =
            " Passed over \(rules), because the conditions of \(withNoun: ruleName) take more steps than a decision may."
        return "\(text, for: isShared ? .platform : .source)"
    }
}
