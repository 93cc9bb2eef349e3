/// The operator of a comparison; the raw values are the names in stored conditions.
package enum ConditionOperator: String, Sendable, Hashable, CaseIterable {
    case equals
    case notEquals = "not_equals"
    case oneOf = "one_of"
    case notOneOf = "not_one_of"
    case contains
    case startsWith = "starts_with"
    case endsWith = "ends_with"
    case matches
    case lessThan = "less_than"
    case atMost = "at_most"
    case greaterThan = "greater_than"
    case atLeast = "at_least"
    case between
    case overlaps
    case exists
    case missing
    case isFreeMail = "is_free_mail"
    case within

    /// The words between the field and the value in a sentence.
    var words: String {
        switch self {
        case .equals: "equal to"
        case .notEquals: "other than"
        case .oneOf: "one of"
        case .notOneOf: "none of"
        case .contains: "containing"
        case .startsWith: "starting with"
        case .endsWith: "ending with"
        case .matches: "matching"
        case .lessThan: "less than"
        case .atMost: "at most"
        case .greaterThan: "greater than"
        case .atLeast: "at least"
        case .between: "between"
        case .overlaps: "overlapping"
        case .exists: "of any value"
        case .missing: "missing"
        case .isFreeMail: "of a free mail service"
        case .within: "within"
        }
    }

    /// The operators that a kind of field has.
    static func allowed(for field: ConditionField) -> [ConditionOperator] {
        let equality: [ConditionOperator] = [.equals, .notEquals, .oneOf, .notOneOf, .exists, .missing]
        let text: [ConditionOperator] = [.contains, .startsWith, .endsWith, .matches]
        let order: [ConditionOperator] = [.lessThan, .atMost, .greaterThan, .atLeast, .between]
        switch field.kind {
        case .place: return equality
        case .point: return [.within, .exists, .missing]
        case .number: return equality + order
        case .band, .free: return equality + text + order + [.overlaps]
        case .text:
            let isMail = field == .email || field == .emailDomain
            return equality + text + (isMail ? [.isFreeMail] : [])
        }
    }
}
