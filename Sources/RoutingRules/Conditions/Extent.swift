/// A range of numbers, both ends included: a band, a single number, a day or an instant (in microseconds since 1970,
/// UTC).
package struct Extent: Sendable, Hashable {
    /// The lower end.
    package let lower: Double
    /// The upper end; infinite for an open band.
    package let upper: Double

    /// A range; nil if it is empty.
    package init?(_ lower: Double, _ upper: Double) {
        guard lower <= upper, lower.isFinite else { return nil }
        self.lower = lower
        self.upper = upper
    }

    /// A single number.
    package init(_ value: Double) {
        lower = value
        upper = value
    }

    /// Whether it is a single number.
    var isPoint: Bool { lower == upper }

    /// Whether a value meets a comparison with this range: only if all of its range does.
    ///
    /// - Parameters:
    ///   - value: the lead's value.
    ///   - comparison: the operator; one that does not compare order is not met.
    /// - Returns: whether it is met.
    package func isMet(by value: Extent, _ comparison: ConditionOperator) -> Bool {
        switch comparison {
        case .lessThan: value.upper < lower
        case .atMost: value.upper <= upper
        case .greaterThan: value.lower > upper
        case .atLeast: value.lower >= lower
        case .between: value.lower >= lower && value.upper <= upper
        case .overlaps: value.lower <= upper && value.upper >= lower
        case .equals, .notEquals, .oneOf, .notOneOf, .contains, .startsWith, .endsWith, .matches, .exists, .missing,
            .isFreeMail, .within:
            false
        }
    }
}
